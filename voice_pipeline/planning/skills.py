"""
What a robot can do besides driving: skills, each with a name, and who needs which.

Only what the robot has is planned; a plan that needs more is refused in words. Driving, turning, waiting, answering and
speaking at once need no skill.
"""

from __future__ import annotations

from voice_pipeline.messages import Follow, Gesture, GoTo, Look, Pick, Place, Say, Step, Turn

# By name, how the robot says that it can.
SKILLS = {
    'pick': 'pick things up',
    'place': 'put things down',
    'follow': 'follow people',
    'gesture': 'make gestures',
    'look': 'look at things',
    'say': 'speak on the way',
    'face': 'turn to face things',
    'approach': 'go to people',
}


def parse_skills(text: str) -> frozenset[str]:
    """Return the skills of a list such as "pick, place". Raises `ValueError` for one that is not known."""
    names = frozenset(name.strip() for name in text.split(',') if name.strip())
    unknown = sorted(names - SKILLS.keys())
    if unknown:
        raise ValueError(f"skills: '{unknown[0]}' is not a skill; known are: {', '.join(SKILLS)}")
    return names


def skill_needed(step: Step) -> str:
    """Return the name of the skill that the step needs, '' for none."""
    match step:
        case Pick() | Place() | Follow() | Gesture() | Look() | Say():
            return str(step.__struct_config__.tag)
        case Turn(args) if args.object is not None:
            return 'face'
        case GoTo(args) if args.person is not None:
            return 'approach'
        case _:
            return ''
