"""Which of the names a robot knows is meant: one, several, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from voice_pipeline.messages import Follow, Gesture, GoTo, Look, Pick, Place, Step, Turn
from voice_pipeline.planning.wording import listed, the
from voice_pipeline.understanding.words.vocabulary import Vocabulary

_EMPTY_WORDS = ('the', 'a', 'an', 'one')
_MOST_CHOICES = 4  # more are not read out


@dataclass(frozen=True)
class Choice:
    """Several names fit what was said for one argument of a step."""

    argument: str
    said: str
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The question, for example "Which cup, the red or the blue?"."""
        if len(self.names) > _MOST_CHOICES:
            return f'I know {len(self.names)} of them. Which {self.said} do you mean?'
        rests = [' '.join(word for word in name.split() if word not in self.said.split()) for name in self.names]
        shown = rests if all(rests) else list(self.names)
        return f'Which {self.said}, {listed([the(name) for name in shown], "or")}?'


class Names:
    """Looks the names of steps up in the vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        places = vocabulary.place_names()
        things = {name: name for name in vocabulary.objects}
        spots = {**{name: name for name in vocabulary.surfaces}, **places}
        on_things: Mapping[str, Mapping[str, str]] = {'object': things}
        self._known: dict[type, Mapping[str, Mapping[str, str]]] = {
            GoTo: {'place': places},
            Pick: {'object': things, 'place': spots},
            Place: {'object': things, 'place': spots},
            **dict.fromkeys((Turn, Follow, Look, Gesture), on_things),
        }

    def resolve(self, step: Step) -> Step | Choice:
        """
        Return the step with names of the vocabulary, or the choice that the speaker has to make.

        A name that nobody knows stays as it is: a robot may find a thing that is on no list.
        """
        for argument, known in self._known.get(type(step), {}).items():
            said = getattr(step.args, argument)
            if said is None or said in known:
                continue
            names = matching(said, known)
            if len(names) > 1:
                return Choice(argument, said, names)
            if names:
                step = with_argument(step, argument, names[0])
        return step


def with_argument(step: Step, argument: str, value: object) -> Step:
    """Return the step with one argument changed."""
    args = msgspec.structs.replace(step.args, **{argument: value})
    return msgspec.structs.replace(step, args=args)


def matching(said: str, known: Mapping[str, str] | Iterable[str]) -> tuple[str, ...]:
    """
    Return the known names that have all the words said in them, each once, in their order.

    Of several names of one place (a mapping to the proper name), the proper one counts.
    """
    wanted = {word for word in said.lower().split() if word not in _EMPTY_WORDS}
    proper = known if isinstance(known, Mapping) else {name: name for name in known}
    found = [name for name in proper if wanted and wanted <= set(name.split())]
    return tuple(dict.fromkeys(proper[name] for name in found))
