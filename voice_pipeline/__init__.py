"""
Offline voice control for a robot.

    sound ─▶ audio ─▶ recognition ─▶ understanding ─▶ planning ─▶ control ─▶ motion
              frames    transcript      intent          plan        velocity

Each arrow is a topic, each stage a folder of plain Python and a thin ROS node around it in `nodes/`. While someone
speaks, every stage works on every revision of the transcript, so that the plan exists when the sentence ends and only
has to be committed. What travels between the stages is in `messages.py`, the topics' names are in `topics.py`, every
setting and its default is in the stage's `settings.py`, and `monitoring/` watches it all against `config/budgets.yaml`.
"""
