"""The words of the grammar beside the verbs. `lexicon` says how the tables are read."""

from __future__ import annotations

from voice_pipeline.understanding.items import (
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
    Unusable,
)
from voice_pipeline.understanding.units import UNITS

NEGATED = 'You said not to do something, so I do nothing.'
REPORTED = 'That was about someone, or said to someone else, so I do nothing.'
CONDITIONAL = 'I cannot wait for a condition or a time, so I do nothing.'
OTHER_DEVICE = 'That is for another device or person; I cannot do it.'
COMPASS = 'I have no compass; say "left", "right", "forward" or "back".'
WHOSE_SIDE = 'Left and right as you see them I do not know; say "your left" or "your right".'

# Of a phrase that is there twice the first counts; those of the verbs come before all of these.
WORDS: tuple[tuple[Item, str], ...] = (
    (
        Direction('forward'),
        """
        forward; forwards; ahead; straight [ahead|forward|on|away]; onward; onwards; frontward; directly ahead; dead
        ahead
        """,
    ),
    (Direction('backward'), 'backward; backwards; back; in reverse; rearward'),
    (
        Direction('left'),
        """
        left; leftward; leftwards; (counter clockwise|counterclockwise|anticlockwise|anti clockwise); [over]
        (to|towards|toward|on|onto) [the|your] left [side|hand side]; [your] left side; left hand side; port
        """,
    ),
    (
        Direction('right'),
        """
        right; rightward; rightwards; clockwise; [over] (to|towards|toward|on|onto) [the|your] right [side|hand side];
        [your] right side; right hand side; starboard
        """,
    ),
    (
        Direction('around'),
        """
        [all] around; round; around [and around]; around you; around the room; in a circle; in circles
        """,
    ),
    (Direction('behind'), 'behind [you|yourself]; over your shoulder; back over your shoulder'),
    (Direction('up'), 'up; upward; upwards; at the ceiling; to the ceiling'),
    (Direction('down'), 'down; downward; downwards; at the ground; at your feet'),
    (
        Pace('slow'),
        """
        [very|real|really|nice and] (slow|slowly|carefully|gently|cautiously|gingerly); with care; at [a]
        (slow|low|gentle|leisurely) (pace|speed)
        """,
    ),
    (
        Pace('fast'),
        """
        [very|real|really|as] (fast|quick|quickly|rapidly|swiftly|speedily) [as you can|as possible]; [at]
        (high|full|top|maximum|max) speed; at a fast (pace|speed)
        """,
    ),
    (Pace('normal'), 'normally; normal; at [a] (normal|regular|usual|default) (pace|speed); default'),
    (Pace('decrease'), '[a bit|a little|a little bit] (slower|more slowly); down by; less'),
    (Pace('increase'), '[a bit|a little|a little bit] (faster|quicker|more quickly); up by'),
    (
        Little('a little'),
        """
        [just] (a bit|a little [bit|way|ways]|slightly|a tiny bit|a tad|somewhat|a smidge|a touch|an inch or 2|a
        hair|some|a little more|a bit more|some more|more|further|farther|a bit further|a little further|a ways|a short
        (distance|way)|a slight)
        """,
    ),
    (Little('a lot'), '(a lot|much further|far|a long way)'),
    (Quantity('percent', 50.0, UNITS['percent']), '[at] [a] half [of] [your|the] [full|normal|maximum] speed'),
    (Quantity('angle', 180.0, UNITS['deg']), '(half way|halfway) (around|round)'),
    (Quantity('angle', 360.0, UNITS['deg']), 'all the way (around|round)'),
    (Times(1), 'once; once more; once again; 1 more; another time; 1 last time'),
    (Times(2), 'twice; a couple of times; 2 times'),
    (Again(), 'again; over again; another'),
    (
        Join(),
        """
        and; [and] then; [and] (after that|afterwards|afterward|next|finally|lastly|thereafter|from
        there|subsequently|after this|also|once there|once you are there|when you are there|once you have done that|once
        that is done|when you are done|when that is done|when you are finished|when you have done that|as soon as you
        are done|when you get there|once you get there|when you arrive|once you arrive|once you are done|after you are
        done|as soon as you get there); then [also|after that|finally]; and then [after that]; first; first of all;
        firstly; secondly; thirdly; followed by; plus; to start [with]; to begin with; (second|third|last) [of all]
        """,
    ),
    (Join(is_word=False), '.; ,; !; ?'),
    (Order(is_before=True), 'before [you]; but before you; prior to'),
    (Order(is_before=False), 'after [you]; right after you'),
    (
        Correction(),
        """
        no [no] [wait]; wait no; sorry; i mean [to say]; i meant [to say]; actually; rather; or rather; make (that|it);
        correction; oops; whoops; excuse me; i would say; pardon [me]; my (bad|mistake); not that; or actually; or
        maybe; oh wait; i am sorry; no sorry; sorry no; no actually; actually no; no i mean; no i meant; wait i mean;
        sorry i mean[t]; well actually; change that to; better [yet]; on second thought; no make (that|it); actually
        make (that|it); let us say; let us make (that|it); no rather
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
        please; oh; yes; yeah; yep; just; ok; okay; alright; mkay; all right; all righty; right now; right away;
        immediately; so; well; hey; hi; hello; hi there; hey there; hello there; kindly; go ahead and; you know; like;
        basically; (can|could|would|will|wo|might) you [please|just|maybe|possibly|kindly|be so kind as to|be kind
        enough to|go ahead and|now|also|quickly|try to|help me and]; (i|we) (want|need|would like|would love|would want)
        [for] you to; i would appreciate it if you (could|would); you (can|may|could|should|must|need to|have to|are
        to|will|better|had better|might want to) [now|just]; i wonder if you could; i was wondering if you could; i was
        hoping you could; do you think you could; is it possible for you to; would it be possible for you to; may i ask
        you to; i am asking you to; i ask you to; could i ask you to; could i get you to; can i get you to; can i ask
        you to; i order you to; i command you to; i told you to; i said; i say; i repeat; your (task|job|next
        task|mission) is to; it is time to; time to; the next (thing|step) is to; what i want [you to do] is [to|for you
        to]; would you be able to; are you able to; be so kind as to; be a (dear|darling|sweetheart) and; be a good
        (robot|boy|girl) [and]; do me a favor [and]; do me a favour [and]; why do not you; why do not we; why not; let
        us; let us just; how about you; what about you; you are going to; i am going to need you to; i am going to ask
        you to; make sure [you|to|that you]; be sure to; see if you can; try to; try and; you got to; remember to; feel
        free to; help me; will you not; can not you; could not you; would not you; will not you; do not forget to; do
        not hesitate to; thanks; thank you; thank you very much; thank you so much; many thanks; cheers; much
        appreciated; big thanks; if you (can|could|would|will|please|want|like|do not mind|may|would not mind|are able
        to|are ready|understand|hear me|understand me); if possible; if it is not too much trouble; if that is ok; if
        that is okay; when you can; when you are ready; when you have (time|a moment|a minute); whenever you are ready;
        whenever you can; whenever you like; as you can; as far as you can; until i (say|tell you|tell you to) [to]
        [stop|so|otherwise]; till i (say|tell you) [to] [stop]; until told [to stop|otherwise]; buddy; robot; bot; mate;
        friend; my friend; dude; man; sir; pal; boy; girl; guys; folks; sweetie; honey; dear; old friend; little guy;
        for us; sharp; hard; tight; sharply; in place; on the spot; at an angle of; angle; [at a] degree angle; exactly;
        precisely; at least; at most; about; approximately; roughly; around about; maybe; perhaps; possibly; nearly;
        almost; bout; even; still; simply; really; quite; very; too; as well; to be exact; or so; in total; total; this
        time; from here; from where you are; there you go; around here; instead; directly; quietly; there we go; come
        on; now; today; in front of you; ahead of you; next to you; of you; yourself; at once; for now; from now on;
        that is it; that is all; you see; ready set go; hmm; mhm; huh; whatever; again please; as soon as possible;
        asap; safely; without stopping; without hitting anything; without delay; good; great; nice; perfect; cool;
        awesome; excellent; good job; well done; good
        robot; nice job; nice work; good work; fine; listen; listen up; attention; pay attention; got it; i see; lovely;
        wonderful; now then; straight up; a; an; the; be; kind of; sort of; of movement; whole; more or less; my dear;
        good morning; good afternoon; good evening; your turn; up ahead
        """,
    ),
    (
        Filler(lets_gerund=True),
        """
        (would|do) you mind [to]; start [off] by; begin by; how about; what about; try; keep [on]; start; would you
        consider; consider; proceed by; by; continue by; begin; you mind; i would appreciate you
        """,
    ),
    (Noun('me', frozenset({'person'})), 'me; myself; my location; where i am; my position; us'),
    (Noun('everyone', frozenset({'person'})), 'everyone; everybody'),
    (Noun('home', frozenset({'place'}), is_definite=True), 'home'),
    (Noun('here', is_pronoun=True), 'here; over here; this way; back here; right here; to here'),
    (Noun('there', is_pronoun=True), 'there; over there; back there'),
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
    (
        Unusable(REPORTED),
        """
        told; tells; said; says; saying; asked; asks; asking; he; she; they; him; her; his; hers; their; theirs; its;
        we; who; whose; i; he is; mine; our; ours; somebody; someone; anybody; anyone; nobody; people; mom; dad; mum;
        guy; yesterday; went; was; were; did; drove; turned; moved; stopped; had; has; would; should; used; did you; do
        you; are you; have you; ran; came; walked; rotated; followed; picked; brought; gave; took; got; got to; goes;
        moves; turns; stops; drives; wants; likes; needs; thinks; thought; think; believe; know; knew; love; hate; want;
        like to; seems; remember; wish; hope; heard; hear; saw; seen; been; being; will; am; is; are; does; would have;
        could have; should have; used to; could; can; may; might; must; shall; why; what; how; which; where; because;
        since; although; though; than; whether; such; tell; ask; let; inform; have to; have; having; story; movie; song;
        joke; game; life; money; love it; says to; means; meaning; mean; while; let him; let her; let them; my
        (dog|cat|wife|husband|son|daughter|kid|kids|boss|friend|brother|sister|mother|father)
        """,
    ),
    (Unusable(WHOSE_SIDE), '[to|on|towards] my (left|right) [side]; stage (left|right)'),
    (
        Unusable(REPORTED),
        """
        i (would like|want|need) to; look forward; (my|your|his|her|whose) turn; follow your; go with the flow
        """,
    ),
    (
        Unusable(COMPASS),
        """
        north; south; east; west; northward; southward; eastward; westward; northeast; northwest; southeast; southwest
        """,
    ),
    (Unusable(NEGATED), 'without; nor; neither; none; nope'),
    (
        Unusable(CONDITIONAL),
        """
        if; when; whenever; unless; until; till; every; tomorrow; later; tonight; in case; as soon as; as long as; o
        clock; noon; midnight; in the morning; next (week|month|year|time); on monday; once you; someday; sometime; in a
        (minute|moment|second|while|bit); in an hour; soon; each; eventually; only if
        """,
    ),
    (
        Unusable(OTHER_DEVICE),
        """
        turn (on|off); switch; (turn|switch) (it|that|this|them) (on|off|up|down); alexa; siri; hey siri; hey google; ok
        google; okay google; cortana; bixby; jarvis; take a
        (picture|photo|selfie|seat|nap|shower|guess|video|photograph|hike|number|chance|note|message|walk|drive|trip);
        take (picture|photo|pictures|photos|notes|care|off|it back|place|part|turns|over); take the
        (bus|train|stairs|elevator|lift|call); turn (up|down); play; open; close; shut; lock; unlock; call; order; buy;
        book; cook; make (me|us|a call|coffee|dinner|sure); send; read; write; set (a|an|the)
        (timer|alarm|reminder|table|thermostat|temperature); remind; start the; run the; clean; vacuum; dim; print;
        charge my; put on; put (some|the) music on; bring it on; (watch|look) out; watch your
        (step|mouth|back|language|head); watch tv; look at the time; drop me; drop in; drop by; pass by; pass out; pass
        the time; give up; give in; give way; get (up|out|in|off|on with|ready|lost|well|to work|a life|rid|dressed|the
        door); grab a; move (on|in with|out|house); move on with; run (out|away|for|errands); go (for a|on a|to sleep|to
        bed|to hell|crazy|bananas|wrong|well|shopping|fishing|swimming|out with|viral|fish|figure); turn (the
        page|out|in|over|into|red|green|blue|black|white); pull (over|yourself|the|my|out|up); hold (hands|your
        breath|my|the door|the line); head (start|count); follow (up|through|the (rules|instructions|recipe|news|link))
        """,
    ),
)

ARTICLES = frozenset(('the', 'a', 'an', 'your', 'my', 'our', 'this', 'that', 'some', 'another', 'those', 'these'))
DEFINITE = frozenset(('the', 'your', 'my', 'our', 'this', 'that', 'those', 'these'))
# Mean nothing before a number, and something else elsewhere ("turn around", "go to the table").
BEFORE_NUMBER = frozenset((
    'about', 'around', 'approximately', 'roughly', 'exactly', 'maybe', 'another', 'by', 'for', 'at', 'of', 'nearly',
    'to', 'like', 'just', 'perhaps', 'almost', 'only',
))  # fmt: skip
# Verbs that are nouns for what the robot is to do: "a turn", "another step".
DEEDS = frozenset((
    'turn', 'spin', 'pivot', 'step', 'move', 'dance', 'wave', 'nod', 'bow', 'look', 'rotation',
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
