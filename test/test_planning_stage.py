"""The planning stage as the pipeline drives it, from transcripts on."""

import pytest
from planning_rig import ALL_SKILLS, Conversation, go_to, move, turn

from voice_pipeline.messages import Intent, Plan, Pose2D, Stop, Transcript, decode, encode
from voice_pipeline.paths import config_file
from voice_pipeline.planning.action_planner import ActionPlanner, spoken_reply
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.understanding.intent_parser import IntentParser
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary

NOW = 10_000_000_000


class Stages:
    """Understanding by the grammar, then planning; the clock goes on a second with each utterance."""

    def __init__(self, **settings):
        self.now_ns = NOW
        self.parser = IntentParser(UnderstandingSettings(semantic='off'), clock_ns=lambda: self.now_ns)
        vocabulary = Vocabulary.load(config_file('vocabulary.yaml'))
        self.planner = ActionPlanner(PlanningSettings(**settings), vocabulary, lambda: self.now_ns + 7)
        self.revision = 0

    def hear(self, text, *, final=False, silence_ms=0.0, name='u', age_s=0.0):
        self.revision += 1
        transcript = Transcript(
            utterance_id=name, revision=self.revision, is_final=final,
            speech_end_ns=self.now_ns - round(age_s * 1e9), text=text, confidence=0.9, silence_ms=silence_ms,
        )  # fmt: skip
        plan = self.planner.on_intent(self.parser.on_transcript(transcript, self.now_ns), self.now_ns + 3)
        assert decode(Plan, encode(plan)) == plan
        assert not (plan.is_committed and plan.refusal)
        return plan

    def say(self, text, **more):
        """Say a whole utterance of its own."""
        self.now_ns += 1_000_000_000
        return self.hear(text, final=True, name=f'u{self.now_ns}', **more)


@pytest.fixture
def stages():
    return Stages(skills=ALL_SKILLS)


def actions(plan):
    return [planned.step.__struct_config__.tag for planned in plan.steps]


def test_every_revision_has_a_plan_and_motion_starts_before_the_final(stages):
    words = ['go', 'go forward', 'go forward two', 'go forward two meters', 'go forward two meters']
    plans = [stages.hear(text) for text in words] + [stages.hear(words[-1], silence_ms=220.0)]
    assert [plan.is_committed for plan in plans] == [False] * 5 + [True]
    assert [len(plan.steps) for plan in plans[-3:]] == [1, 1, 1]
    final = stages.hear('Go forward 2 meters.', final=True, silence_ms=700.0)
    assert (final.plan_id, final.is_committed) == (plans[-1].plan_id, True)


def test_speech_that_goes_on_is_appended(stages):
    for _ in range(2):
        stages.hear('turn left ninety degrees', silence_ms=250.0)
    plan = stages.hear('turn left ninety degrees and go to the kitchen', final=True)
    assert (plan.mode, plan.is_committed, actions(plan)) == ('append', True, ['go_to'])


def test_stop_commits_on_a_partial_without_silence(stages):
    plan = stages.hear('stop')
    assert (plan.mode, plan.is_committed, actions(plan)) == ('stop', True, ['stop'])


def test_stop_wins_over_steps_that_cannot_be_planned(stages):
    plan = stages.hear('stop and go to the moon', final=True)
    assert (plan.mode, plan.is_committed) == ('stop', True)


def test_the_trace_grows_by_this_stage(stages):
    plan = stages.hear('turn left')
    assert [(t.name, t.received_ns, t.finished_ns) for t in plan.trace][-1] == ('planning', NOW + 3, NOW + 7)
    assert [t.name for t in plan.trace] == ['understanding', 'planning']


@pytest.mark.parametrize(
    ('text', 'reply'),
    [
        ('go forward 1000 meters', 'I can move at most 20 metres at a time, not 1000 metres.'),
        ('go to the moon', 'I do not know where the moon is.'),
        ('turn left', ''),
        ('stop', ''),
        ('', ''),
    ],
)
def test_what_is_said_about_a_final(stages, text, reply):
    assert spoken_reply(stages.hear(text)) == ''
    assert spoken_reply(stages.hear(text, final=True)) == reply


def test_a_refusal_is_said_once(stages):
    assert spoken_reply(stages.hear('go to the moon', final=True)) != ''
    assert spoken_reply(stages.hear('go to the moon', final=True)) == ''


def test_a_plan_is_refused_as_a_whole(stages):
    plan = stages.hear('turn left ninety degrees and go to the moon', final=True)
    assert (plan.is_committed, plan.steps) == (False, ())


def test_typed_commands_are_done_at_once(stages):
    plan = stages.planner.on_intent(stages.parser.on_command('turn around', NOW), NOW)
    assert plan.is_committed
    assert actions(plan) == ['turn']


def test_stale_speech_moves_nothing(stages):
    plan = stages.say('turn left', age_s=8.0)
    assert not plan.is_committed
    assert 'again' in spoken_reply(plan)


def test_the_queued_stop_is_not_a_step_to_execute(stages):
    plan = stages.hear('go forward two meters then stop', final=True)
    assert plan.mode == 'replace'
    assert not any(isinstance(planned.step, Stop) for planned in plan.steps)


def test_a_question_and_its_answer_in_words(stages):
    plan = stages.say('go forward two')
    assert (plan.is_committed, plan.mode, spoken_reply(plan)) == (False, 'answer', 'How far, in metres or feet?')
    plan = stages.say('two feet')
    assert plan.is_committed
    assert plan.steps[0].step.args.distance_m == pytest.approx(0.6096)


def test_a_query_is_answered_and_moves_nothing(stages):
    plan = stages.say('what is your battery level')
    assert (plan.is_committed, spoken_reply(plan)) == (False, 'I do not know how full my battery is.')


def test_an_intent_without_steps_or_reason_is_still_answered(stages):
    intent = Intent(utterance_id='u', revision=0, is_final=True, speech_end_ns=NOW, text='hm', silence_ms=0.0)
    assert stages.planner.on_intent(intent, NOW).refusal != ''


def test_another_vocabulary_counts_from_the_next_words_on():
    conversation = Conversation()
    assert not conversation.say(go_to('cellar')).is_committed
    conversation.planner.use_vocabulary(Vocabulary(places={'cellar': Pose2D(x_m=1.0, y_m=0.0)}))
    assert conversation.say(go_to('cellar')).is_committed


def test_a_correction_is_planned_as_a_whole_again():
    conversation = Conversation()
    conversation.say_early(move(), turn(), name='x')
    plan = conversation.say(move(), turn(-90.0), name='x')
    assert (plan.mode, actions(plan)) == ('replace', ['move', 'turn'])
