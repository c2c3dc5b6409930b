"""What words mean by themselves: numbers, units, names, verbs, and the vocabulary of one robot."""
