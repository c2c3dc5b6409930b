"""
What travels between the stages, in flow order: transcript → intent → plan → execution, skill.

Each record is one JSON document in a `std_msgs/String`. All are frozen and typed, all carry the utterance, the
revision and the trace of the stages that worked on it, so that latency can be computed anywhere downstream. Decoding
checks every field; a document of another schema version, with a missing, unknown or ill-typed field, raises
`MalformedMessageError`. Units are SI (REP-103), times are nanoseconds of the system clock (`time.time_ns`), and an
argument that was not said is absent.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict, TypeVar

import msgspec

SCHEMA_VERSION: Literal[1] = 1

# One name a stage, wherever a stage is named: traces, statistics, budgets, reports.
StageName = Literal['audio', 'recognition', 'understanding', 'planning', 'control']
STAGES: tuple[StageName, ...] = ('audio', 'recognition', 'understanding', 'planning', 'control')

Nanoseconds = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class MalformedMessageError(ValueError):
    """The text is not a document of this schema; the error says what is wrong and where in the document."""


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a document."""


class StageTrace(_Record, frozen=True, kw_only=True):
    """When one stage had this revision: `received_ns` its input was there, `finished_ns` its output was ready."""

    name: StageName
    received_ns: Nanoseconds
    finished_ns: Nanoseconds


class Header(TypedDict):
    """The fields of a message that say which words it is about."""

    utterance_id: str
    revision: int
    is_final: bool
    speech_end_ns: int


class Message(_Record, frozen=True, kw_only=True):
    """
    What all documents share.

    `utterance_id` names one continuous piece of speech (or one typed command); `revision` counts its transcripts from
    0; the last of them `is_final`. `speech_end_ns` is the capture time of the last voiced sample so far.
    """

    utterance_id: Identifier
    revision: Annotated[int, msgspec.Meta(ge=0)]
    is_final: bool
    speech_end_ns: Nanoseconds
    trace: tuple[StageTrace, ...] = ()
    version: Literal[1] = SCHEMA_VERSION

    @property
    def header(self) -> Header:
        """What a message that follows from this one takes over: `Execution(**plan.header, plan_id=…)`."""
        return Header(
            utterance_id=self.utterance_id,
            revision=self.revision,
            is_final=self.is_final,
            speech_end_ns=self.speech_end_ns,
        )


# --- recognition -------------------------------------------------------------------------------------------------


class Transcript(Message, frozen=True, kw_only=True):
    """
    Everything heard of the utterance so far, and for how long (`silence_ms`) the speaker has been silent since.

    `text` is expected to stay as it is. `tentative` is all that is heard at this moment, the words that are just being
    spoken included, where that is another text: the next revisions may correct it. A final has nothing tentative.
    """

    text: Text
    tentative: Text = ''
    confidence: Share
    silence_ms: Annotated[float, msgspec.Meta(ge=0)]

    @property
    def heard(self) -> str:
        """All that is heard at this moment; it may still change."""
        return self.tentative or self.text


# --- steps: what a person can ask for ------------------------------------------------------------------------------


class _Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Arguments of an action; what was not said is None and is left out of the document."""


class MoveArguments(_Arguments, frozen=True, kw_only=True):
    """`distance_m` is positive along `direction`."""

    direction: Literal['forward', 'backward', 'left', 'right'] | None = None
    distance_m: Positive | None = None
    duration_s: Positive | None = None
    speed_mps: Positive | None = None
    speed: Literal['slow', 'fast'] | None = None


class TurnArguments(_Arguments, frozen=True, kw_only=True):
    """`angle_deg` is positive to the left (REP-103); `direction` only where no angle was said."""

    angle_deg: float | None = None
    direction: Literal['left', 'right'] | None = None
    duration_s: Positive | None = None
    speed_dps: Positive | None = None
    object: str | None = None


class NoArguments(_Arguments, frozen=True, kw_only=True):
    """An action that needs none."""


class PauseArguments(_Arguments, frozen=True, kw_only=True):
    duration_s: Positive | None = None


class RepeatArguments(_Arguments, frozen=True, kw_only=True):
    """`count` is how many more times."""

    count: Annotated[int, msgspec.Meta(ge=1)] | None = None


class GoToArguments(_Arguments, frozen=True, kw_only=True):
    """`person` is "me" for whoever speaks."""

    place: str | None = None
    person: str | None = None


class FollowArguments(_Arguments, frozen=True, kw_only=True):
    person: str | None = None
    object: str | None = None
    place: str | None = None


class LookArguments(_Arguments, frozen=True, kw_only=True):
    direction: Literal['left', 'right', 'up', 'down', 'behind', 'around'] | None = None
    object: str | None = None
    person: str | None = None
    angle_deg: float | None = None


class PickArguments(_Arguments, frozen=True, kw_only=True):
    """`place` is where the object is taken from."""

    object: str | None = None
    place: str | None = None


class PlaceArguments(_Arguments, frozen=True, kw_only=True):
    """`place` is where the object is put, `person` to whom it is given."""

    object: str | None = None
    place: str | None = None
    person: str | None = None


class GestureArguments(_Arguments, frozen=True, kw_only=True):
    gesture: Literal['wave', 'nod', 'bow', 'dance', 'point', 'high_five', 'handshake'] | None = None
    person: str | None = None
    object: str | None = None


class SayArguments(_Arguments, frozen=True, kw_only=True):
    text: str | None = None
    person: str | None = None


class QueryArguments(_Arguments, frozen=True, kw_only=True):
    topic: (
        Literal[
            'position',
            'battery',
            'speed',
            'status',
            'identity',
            'capabilities',
            'destination',
            'perception',
            'object_location',
            'distance',
            'eta',
        ]
        | None
    ) = None
    object: str | None = None
    place: str | None = None


class SetSpeedArguments(_Arguments, frozen=True, kw_only=True):
    """One of the four."""

    speed_mps: Positive | None = None
    percent: Positive | None = None
    change: Literal['increase', 'decrease'] | None = None
    speed: Literal['slow', 'normal', 'fast'] | None = None


class _Step(msgspec.Struct, frozen=True, tag_field='action', forbid_unknown_fields=True):
    """One action with its arguments: `{"action": "move", "args": {"direction": "forward", "distance_m": 2.0}}`."""


class Move(_Step, frozen=True, tag='move'):
    args: MoveArguments = MoveArguments()


class Turn(_Step, frozen=True, tag='turn'):
    args: TurnArguments = TurnArguments()


class Stop(_Step, frozen=True, tag='stop'):
    args: NoArguments = NoArguments()


class Resume(_Step, frozen=True, tag='resume'):
    args: NoArguments = NoArguments()


class Cancel(_Step, frozen=True, tag='cancel'):
    args: NoArguments = NoArguments()


class Pause(_Step, frozen=True, tag='pause'):
    args: PauseArguments = PauseArguments()


class Repeat(_Step, frozen=True, tag='repeat'):
    args: RepeatArguments = RepeatArguments()


class GoTo(_Step, frozen=True, tag='go_to'):
    args: GoToArguments = GoToArguments()


class Follow(_Step, frozen=True, tag='follow'):
    args: FollowArguments = FollowArguments()


class Look(_Step, frozen=True, tag='look'):
    args: LookArguments = LookArguments()


class Pick(_Step, frozen=True, tag='pick'):
    args: PickArguments = PickArguments()


class Place(_Step, frozen=True, tag='place'):
    args: PlaceArguments = PlaceArguments()


class Gesture(_Step, frozen=True, tag='gesture'):
    args: GestureArguments = GestureArguments()


class Say(_Step, frozen=True, tag='say'):
    args: SayArguments = SayArguments()


class Query(_Step, frozen=True, tag='query'):
    args: QueryArguments = QueryArguments()


class SetSpeed(_Step, frozen=True, tag='set_speed'):
    args: SetSpeedArguments = SetSpeedArguments()


Motion = Move | Turn | GoTo | Follow
Order = Stop | Resume | Cancel | Pause | Repeat | SetSpeed
Skill = Look | Pick | Place | Gesture | Say | Query
Step = Motion | Order | Skill


# --- understanding -------------------------------------------------------------------------------------------------


class Reply(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """
    What words without a verb say, as an answer to a question of the robot: "yes", "the red one", "two metres", "left".

    `is_yes`: agreed or declined. `number`: an amount whose unit was not said. What was not said is None.
    """

    is_yes: bool | None = None
    direction: Literal['forward', 'backward', 'left', 'right', 'around'] | None = None
    distance_m: Positive | None = None
    angle_deg: float | None = None
    duration_s: Positive | None = None
    number: float | None = None
    object: str | None = None
    place: str | None = None
    person: str | None = None


class Intent(Message, frozen=True, kw_only=True):
    """
    What the words ask for; no steps, and the `reason`, where nothing was understood.

    `is_complete` says that the steps need nothing more that speech could still add; where a step cannot be done without
    something that was not said, `missing` names it. `confidence` is that of the words and of their understanding. A
    `reply` is there where the words may answer a question. `emergency_stop` is set by an emergency word, final or not.
    """

    text: Text
    silence_ms: Annotated[float, msgspec.Meta(ge=0)]
    steps: tuple[Step, ...] = ()
    is_complete: bool = False
    missing: Literal['', 'direction', 'distance', 'angle', 'unit', 'place', 'object', 'person'] = ''
    confidence: Share = 1.0
    reply: Reply | None = None
    emergency_stop: bool = False
    source: Literal['grammar', 'semantic', 'llm', 'typed'] = 'grammar'
    reason: str = ''


# --- planning ------------------------------------------------------------------------------------------------------


class Pose2D(_Record, frozen=True, kw_only=True):
    """A pose in the plane, REP-103: x ahead, y to the left, yaw counter-clockwise."""

    x_m: float
    y_m: float
    yaw_rad: float | None = None


class PlannedStep(_Record, frozen=True, kw_only=True):
    """A step with every default filled in and the bounds within which it must end."""

    step: Step
    speed_mps: Annotated[float, msgspec.Meta(ge=0)]
    speed_dps: Annotated[float, msgspec.Meta(ge=0)]
    timeout_s: Positive
    goal: Pose2D | None = None


# What becomes of the work at hand: `replace` drops it, `append` queues behind it, `stop` stops at once and drops it,
# `cancel` slows down and drops it, `pause` holds it until `resume`, `adjust` goes on with it at the speeds of the only
# step of the plan, `answer` leaves it as it is: the plan only says something, and is never committed.
PlanMode = Literal['replace', 'append', 'stop', 'cancel', 'pause', 'resume', 'adjust', 'answer']


class Plan(Message, frozen=True, kw_only=True):
    """
    What the robot would do, or why it will not (`refusal`).

    The robot moves on committed plans only, and executes a `plan_id` once however often it arrives. `say` is what the
    robot says about it: an answer, a question, what it is going to do.
    """

    plan_id: Identifier
    mode: PlanMode = 'replace'
    is_committed: bool = False
    steps: tuple[PlannedStep, ...] = ()
    refusal: str = ''
    say: str = ''


# --- control -------------------------------------------------------------------------------------------------------


class Execution(Message, frozen=True, kw_only=True):
    """How far a plan is: `step` is the index of the step at work, `progress` the share of it that is done."""

    plan_id: Identifier
    state: Literal['running', 'done', 'stopped', 'refused', 'failed', 'replaced']
    step: Annotated[int, msgspec.Meta(ge=0)] = 0
    progress: Share = 0.0
    reason: str = ''


# --- skills: what robot-specific nodes do --------------------------------------------------------------------------

SkillStep = Follow | Look | Pick | Place | Gesture | Say


class SkillRequest(Message, frozen=True, kw_only=True):
    """
    Asks a robot-specific node to do one step, or, with the same `skill_id` and `is_cancelled`, to leave off.

    A `skill_id` is done once however often it arrives. `timeout_s` counts from the request: whoever does it answers
    that it failed when it takes longer, and whoever asked waits no longer.
    """

    skill_id: Identifier
    plan_id: Identifier
    step: SkillStep
    timeout_s: Positive
    is_cancelled: bool = False


class SkillResult(Message, frozen=True, kw_only=True):
    """
    How far a skill is, with what identified its request; `progress` is the share that is done.

    The first answer says `running`, further ones tell the progress, and exactly one ends it as `done` or `failed`, with
    the `reason` in words where it failed. A skill that was cancelled has failed.
    """

    skill_id: Identifier
    plan_id: Identifier
    state: Literal['running', 'done', 'failed']
    progress: Share = 0.0
    reason: str = ''


# --- encoding ------------------------------------------------------------------------------------------------------

MessageT = TypeVar('MessageT', bound=Message)
_encoder = msgspec.json.Encoder()
_decoders: dict[type[Message], msgspec.json.Decoder[Message]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Transcript, Intent, Plan, Execution, SkillRequest, SkillResult)
}


def encode(message: Message) -> str:
    """Return the message as one line of JSON."""
    return _encoder.encode(message).decode()


def decode(kind: type[MessageT], text: str) -> MessageT:
    """Return the message of this kind that the text holds. Raises `MalformedMessageError`."""
    try:
        message = _decoders[kind].decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise MalformedMessageError(f'not a valid {kind.__name__.lower()}: {error}') from None
    assert isinstance(message, kind)
    return message


def steps_to_builtins(steps: tuple[Step, ...]) -> list[dict[str, object]]:
    """Return steps as plain lists and dictionaries, for reports and command-line output."""
    plain: list[dict[str, object]] = msgspec.to_builtins(steps)
    return plain
