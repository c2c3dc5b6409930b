"""The words of the grammar beside the verbs. `lexicon` says how the tables are read."""

from __future__ import annotations

from voice_pipeline.understanding.words.items import (
    THEM,
    Again,
    But,
    Correction,
    Direction,
    Filler,
    Item,
    Join,
    Little,
    Negation,
    Noun,
    Or,
    Order,
    Pace,
    Preposition,
    Quantity,
    Times,
)
from voice_pipeline.understanding.words.units import UNITS

NEGATED = 'You said not to do something, so I do nothing.'
REPORTED = 'That was about someone, or said to someone else, so I do nothing.'
CONDITIONAL = 'I cannot wait for a condition or a time, so I do nothing.'
OTHER_DEVICE = 'That is for another device or person; I cannot do it.'

# Of a phrase that is there twice the first counts; those of the verbs come before all of these.
WORDS: tuple[tuple[Item, str], ...] = (
    (
        Direction('forward'),
        """
        forward; forwards; ahead; straight [ahead|forward|forwards|on|away]; onward; onwards; frontward; frontwards;
        directly ahead; dead ahead; in the direction (you are facing|of travel); in (a|the) (forward|forwards)
        direction; [to [the]|up] front; [up] ahead; closer; nearer
        """,
    ),
    (
        Direction('backward'),
        """
        [straight|directly] (backward|backwards|back); in reverse; rearward; in (a|the) (backward|backwards|reverse)
        direction
        """,
    ),
    (
        Direction('left'),
        """
        [hard|sharp|sharply] left; (in|to|towards|toward) (a|the) (left|leftward) [hand] direction; in (a|the) (counter
        clockwise|counterclockwise|anticlockwise|anti clockwise) direction; leftward; leftwards; (counter
        clockwise|counterclockwise|anticlockwise|anti clockwise); [over] (to|towards|toward|on|onto) [the|your] left
        [side|hand side]; [your] left side; left hand side; port
        """,
    ),
    (
        Direction('right'),
        """
        [hard|sharp|sharply] right; (in|to|towards|toward) (a|the) (right|rightward) [hand] direction; in (a|the)
        clockwise direction; rightward; rightwards; clockwise; [over] (to|towards|toward|on|onto) [the|your] right
        [side|hand side]; [your] right side; right hand side; starboard
        """,
    ),
    (
        Direction('around'),
        """
        [all] (around|round) [you|us|here|the (room|house|place|area)]; around and around; round and round; in a circle;
        in circles
        """,
    ),
    (Direction('behind'), 'behind [you|yourself]; over your shoulder; back over your shoulder'),
    (Direction('up'), 'up; upward; upwards; at the ceiling; to the ceiling'),
    (Direction('down'), 'down; downward; downwards; at the ground; at your feet'),
    (
        Pace('slow'),
        """
        [very|real|really|nice and|as] (slow|slowly|carefully|gently|cautiously|gingerly) [as you can|as possible]; with
        care; at [a] (slow|low|gentle|leisurely) (pace|speed); [to] [the|your] (minimum|lowest)
        """,
    ),
    (
        Pace('fast'),
        """
        [very|real|really|as] (fast|quick|quickly|rapidly|swiftly|speedily) [as you can|as possible]; [at]
        (high|full|top|maximum|max) speed; at a fast (pace|speed); [to] [the|your] (maximum|max|full|top)
        """,
    ),
    (
        Pace('normal'),
        '[back to] normal; normally; at [a|the|your] (normal|regular|usual|default) (pace|speed); default',
    ),
    (Pace('decrease'), '[a bit|a little|a little bit] (slower|more slowly); down by; less'),
    (Pace('increase'), '[a bit|a little|a little bit] (faster|quicker|more quickly); up by'),
    (
        Little('a little'),
        """
        [just] (little bit [more]|a bit|a little [bit|way|ways]|slightly|a (tiny|teeny|teensy|wee|small|itty bitty)
        bit|a (tad|smidge|smidgen|touch|hair|whisker|fraction|notch|smidgeon|ways)|somewhat|an inch or 2|some|a little
        more|a bit more|some more|more|a short (distance|way)|a slight|slight|ever so slightly)
        """,
    ),
    (Little('further'), '[a bit|a little [bit]|just a bit] (further|farther)'),
    (Little('a lot'), '(a lot|much further|far|a long way)'),
    (Little('a moment'), 'for [just] a (moment|while|bit|little while|little bit|second|sec|few second)'),
    (Quantity('percent', 50.0, UNITS['percent']), '[at] [a] half [of] [your|the] [full|normal|maximum] speed'),
    (Quantity('percent', 25.0, UNITS['percent']), '[at] [a] quarter speed'),
    (Quantity('angle', 180.0, UNITS['deg']), '(half way|halfway) (around|round)'),
    (Quantity('angle', 360.0, UNITS['deg']), 'all the way (around|round)'),
    (Times(1), 'once; once more; once again; 1 more; another time; 1 last time'),
    (Times(2), 'twice; a couple of times; 2 times'),
    (Again(), 'again; over again'),
    (
        Join(),
        """
        and; [and] (then|now then); [and] (after that|afterwards|afterward|next|finally|lastly|thereafter|from
        there|subsequently|after this|also|once there|once you are there|when you are there|once you have done that|once
        that is done|when you are done|when that is done|when you are finished|when you have done that|as soon as you
        are (done|there|finished)|when you get there|once you get there|when you arrive|once you arrive|once you are
        done|after you are done|as soon as you get there); then [also|after that|finally]; and then [after that]; first;
        first of all; firstly; secondly; thirdly; followed by; plus; to start [with]; to begin with; (second|third|last)
        [of all]; before (you leave|leaving|anything else|you do (that|anything [else]))
        """,
    ),
    (Join(is_word=False), '.; ,; !; ?'),
    (Order(is_before=True), 'before [you]; but before you; prior to'),
    (
        Order(is_before=False),
        'after [you [have]]; right after you; once you have; as soon as you have; [but|and] before that; but first',
    ),
    (
        Correction(),
        """
        no [no] [wait]; wait no; what i meant [to say] (was|is); sorry; i mean [to say]; i meant [to say]; actually;
        rather; or rather; make (that|it); correction; oops; whoops; or no; or better; or wait; (wait|oh|hang on|hold
        on|oops|sorry) no; no (hang|hold) on; no (oops|sorry|actually|wait actually); excuse me; i would say; pardon
        [me]; my (bad|mistake); not that; or actually; or maybe; oh wait; i am sorry; no sorry; sorry no; no actually;
        actually no; no i mean; no i meant; wait i mean; sorry i mean[t]; well actually; change that to; better [yet];
        on second thought; no make (that|it); actually make (that|it); let us say; let us make (that|it); no rather
        """,
    ),
    (
        Negation(),
        """
        do not [ever|you dare]; not to; never [ever]; must not; should not; may not; can not; you can not; avoid;
        refrain from; no need to; there is no need to; you do not (need|have) to; i do not want you to; i would not;
        please not; would not; will not; is not; are not; no more; under no circumstances; not now; do not even think
        [of|about]; it is not necessary to; i would rather you did not
        """,
    ),
    (Negation(is_command=False), 'not; rather than; instead of; and not; but not'),
    (But(), 'but; but rather; but instead'),
    (Or(), 'or; and or; or else'),
    (
        Filler(),
        """
        [pretty] please; oh; [a|the] distance of; (watch|look|mind) out; heads up; [be] careful; closely; everywhere;
        wherever i go; at a distance; in the same direction; you are ([too|so] (close|near)|in (the|my) way); mister;
        mr; miss; wee; all clear; no more than; not more than; something like; yes; yeah; yep; just; ok; okay; alright;
        mkay; all right; all righty; right now; right away; immediately; so; well; hey; hi; hello; hi there; hey there;
        hello there; kindly; go ahead and; you know; like; basically; (can|could|would|will|wo|might) you
        [please|just|maybe|possibly|kindly|be so kind as to|be kind enough to|go ahead and|now|also|quickly|try to|help
        me and]; (i|we) (want|need|would like|would love|would want) [for|that] you [to]; i would appreciate it if you
        (could|would); you (can|may|could|should|must|need to|have to|are to|will|better|had better|might want to)
        [now|just]; i wonder if you could; i was wondering (if|whether) you could; i will have you; it would be
        (nice|great|good|lovely|helpful|cool) if you (could|would); i was hoping you could; do you think you could; is
        it possible for you to; would it be possible for you to; may i ask you to; i am asking you to; i ask you to;
        could i ask you to; could i get you to; can i get you to; can i ask you to; i order you to; i command you to; i
        told you to; i said; i say; i repeat; your (task|job|next task|mission) is to; it is time to; time to; the next
        (thing|step) is to; what i want [you to do] is [to|for you to]; would you be able to; are you able to; be so
        kind as to; be a (dear|darling|sweetheart) and; be a good (robot|boy|girl) [and]; do me a favor [and]; do me a
        favour [and]; why do not you; why do not we; why not; let us; let us just; how about you; what about you; you
        are going to; i am going to need you to; i am going to ask you to; make sure [you|to|that you]; be sure to; see
        if you can; try to; try and; you got to; remember to; feel free to; help me; will you not; can not you; could
        not you; would not you; will not you; do not forget to; do not hesitate to; thanks; thank you; thank you very
        much; thank you so much; many thanks; cheers; much appreciated; big thanks; if you
        (can|could|would|will|please|want|like|do not mind|may|would not mind|are able to|are ready|understand|hear
        me|understand me); if possible; if it is not too much trouble; if that is ok; if that is okay; when you can;
        when you are ready; when you have (time|a moment|a minute); whenever you are ready; whenever you can; whenever
        you like; as you can; as far as you can; (until|till) i (say|tell you) [to] (stop|so|otherwise|when|halt); until
        told [to stop|otherwise]; buddy; robot; bot; mate; friend; my friend; dude; man; sir; pal; boy; girl; old
        friend; little guy; for us; sharp; hard; tight; sharply; in place; on the spot; at an angle of; angle; [at a]
        degree angle; exactly; precisely; at least; at most; about; approximately; roughly; around about; maybe;
        perhaps; possibly; nearly; almost; bout; even; still; simply; really; quite; very; too; as well; to be exact; or
        so; in total; total; this time; from here; from where you are; there you go; around here; instead; directly;
        quietly; there we go; come on; now; today; in front of you; ahead of you; next to you; of you; yourself; at
        once; for now; from now on; that is it; that is all; you see; ready set go; hmm; mhm; huh; whatever; as soon as
        possible; asap; safely; without stopping; without hitting anything; without delay; good; great; nice; perfect;
        cool; awesome; excellent; good job; well done; good robot; nice job; nice work; good work; fine; listen; listen
        up; attention; pay attention; got it; i see; lovely; wonderful; now then; straight up; a; an; the; be; kind of;
        sort of; of movement; sideways; laterally; whole; more or less; good morning; good afternoon; good evening; your
        turn; up ahead
        """,
    ),
    (
        Filler(lets_gerund=True),
        """
        (would|do) you mind [to]; start [off] by; begin by; how about; what about; try; keep [on]; start; would you
        consider; consider; mind; (end|finish) [off|up] by; proceed by; by; continue by; begin; you mind; i would
        appreciate you
        """,
    ),
    (Noun('me', frozenset({'person'})), 'me; myself; my location; where i am; my position; us'),
    (Noun('everyone', frozenset({'person'})), 'everyone; everybody'),
    (Noun('home', frozenset({'place'}), is_definite=True), 'home'),
    (Noun('here', is_pronoun=True), 'here; over here; this way; back here; right here; to here'),
    (Noun('there', is_pronoun=True), '[right|over|back|up|down] there'),
    (THEM, 'him; her'),
    (
        Noun('it', is_pronoun=True),
        """
        it; that; this; them; that one; this one; these; those; the thing; that thing; the object
        """,
    ),
    (
        Preposition('to'),
        """
        (to|into|in to|onto|on to|inside [of]|unto) [the (side|front|middle|center|centre) of]; over to; back to; back
        into; up to; down to; all the way to; out to; back inside; as far as; until you (reach|are at|get to)
        """,
    ),
    (Preposition('towards'), 'towards; toward; in the direction of; over towards; facing; at'),
    (Preposition('at'), 'near; next to; beside; close to; nearby; in front of; outside; outside of; alongside'),
    (
        Preposition('on'),
        """
        on; in; on top of; on the top of; upon; under; underneath; beneath; within; in the middle of; over; above; back
        on; back in; back onto; down on; over on
        """,
    ),
    (
        Preposition('from'),
        """
        from; off; off of; out of; from the top of; from inside; from under; from off; away from; up off; up from
        """,
    ),
    (Preposition('along'), 'through; along; past; across; thru; down along; between'),
    (Preposition('for'), 'for'),
    (Preposition('with'), 'with; using'),
    (Preposition('of'), 'of'),
)

ARTICLES = frozenset(('the', 'a', 'an', 'your', 'my', 'our', 'this', 'that', 'some', 'another', 'those', 'these'))
DEFINITE = frozenset(('the', 'this', 'that', 'those', 'these'))
POSSESSIVES = frozenset(('his', 'her', 'their'))
# Mean nothing before a number, and something else elsewhere ("turn around", "go to the table").
BEFORE_NUMBER = frozenset((
    'about', 'around', 'approximately', 'roughly', 'exactly', 'maybe', 'another', 'by', 'for', 'at', 'of', 'nearly',
    'to', 'like', 'just', 'perhaps', 'almost', 'only', 'say',
))  # fmt: skip
# Verbs that are nouns for what the robot is to do: "a turn", "another step".
DEEDS = frozenset((
    'turn', 'spin', 'pivot', 'step', 'move', 'dance', 'wave', 'nod', 'bow', 'look', 'rotation',
    'handshake',
))  # fmt: skip
# Nouns whose last word alone is a command.
COMPOUNDS = (
    'bus stop',
    'truck stop',
    'tram stop',
    'next stop',
    'pit stop',
    'rest stop',
    'stop sign',
    'door stop',
    'coffee break',
)
