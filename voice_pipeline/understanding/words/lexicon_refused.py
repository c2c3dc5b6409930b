"""The words of the grammar that make a sentence no command. `lexicon` says how the table is read."""

from __future__ import annotations

from voice_pipeline.understanding.words.items import Unusable
from voice_pipeline.understanding.words.lexicon_words import CONDITIONAL, NEGATED, OTHER_DEVICE, REPORTED

TOGETHER = 'I can only do one thing after the other.'
COMPASS = 'I have no compass; say "left", "right", "forward" or "back".'
WHOSE_SIDE = 'Left and right as you see them I do not know; say "your left" or "your right".'

# Of a phrase that is there twice the first counts; those of the other tables come before all of these.
REFUSED: tuple[tuple[Unusable, str], ...] = (
    (
        Unusable(REPORTED),
        """
        (is|was|are|were|do|does|did|has|have|had) not (it|you|he|she|they|we); told; tells; said; says; saying; asked;
        asks; asking; he; she; they; his; hers; their; theirs; its; we; who; whose; i; he is; mine; our; ours; somebody;
        someone; anybody; anyone; nobody; people; mom; dad; mum; guy; yesterday; went; was; were; did; drove; had; has;
        would; should; used; did you; do you; are you; have you; ran; came; gave; took; got; got to; goes; moves; turns;
        stops; drives; wants; likes; needs; thinks; thought; think; believe; know; knew; love; hate; want; like to;
        seems; remember; wish; hope; heard; hear; saw; seen; been; being; will; am; is; are; does; would have; could
        have; should have; used to; could; can; may; might; must; shall; why; what; how; which; where; because; since;
        although; though; than; whether; such; tell; ask; let; inform; have to; have; having; story; movie; song; joke;
        game; life; money; love it; says to; means; meaning; mean; while; let him; let her; let them; my
        (dog|cat|wife|husband|son|daughter|kid|kids|boss|friend|brother|sister|mother|father)
        """,
    ),
    (Unusable(WHOSE_SIDE), '[to|on|towards] my (left|right) [side]; stage (left|right)'),
    (
        Unusable(REPORTED),
        """
        i (would like|want|need) to; (my|your|his|her|whose) turn; follow your; in turn; come again; hold off; guys;
        folks; kids; team; sweetie; honey; dear; darling; babe; (the|a|that|this|my|another|every|other) (robot|bot)
        """,
    ),
    (
        Unusable(REPORTED),  # idioms
        """
        find out; look (it|that|this) up; face (it|facts|the (facts|music)); give it up; give and take; pick your; put
        yourself; pick up (line|lines); bring the noise; nod off; dance (floor|lessons|class|party|music); wave the
        flag; find yourself; drive safely; drive safe; the point; (give|take) it [for] a
        (spin|go|try|shot|whirl|rest|break); turn your back; the
        (movies|cinema|beach|pub|mall|gym|airport|hospital|church|zoo|museum|restaurant|theater|
        theatre|supermarket|bank);
        look (sharp|alive|lively); the bright side; (walk|stroll) in the park; bring it up; the subject; look both ways;
        drive me (crazy|mad|nuts|up the wall); hard drive; fast forward; look forward to; go with the flow
        """,
    ),
    (
        Unusable(COMPASS),
        """
        north; south; east; west; northward; southward; eastward; westward; northeast; northwest; southeast; southwest
        """,
    ),
    (Unusable(TOGETHER), 'at the same time; at once both; simultaneously; meanwhile'),
    (Unusable(NEGATED), 'without; nor; neither; none; nope; no [more] (left|right|u) (turn|turns)'),
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
        (bus|train|stairs|elevator|lift|call); turn (up|down); put the
        (light|lights|lamp|tv|television|radio|music|kettle|heating|fan|oven) on; the
        (weather|news|time|score|traffic|calendar|web|internet|stock market); my (email|emails|mail|messages|calendar);
        play; open; close; shut; lock; unlock; call; order; buy; book; cook; make (me|us|a call|coffee|dinner|sure);
        send; read; write; set (a|an|the) (timer|alarm|reminder|table|thermostat|temperature); remind; start the; run
        the; clean; vacuum; dim; print; charge my; put on; put (some|the) music on; bring it on; watch your
        (step|mouth|back|language|head); watch tv; look at the time; drop me; drop in; drop by; pass by; pass out; pass
        the time; give up; give in; give way; get (up|out|in|off|on with|ready|lost|well|to work|a life|rid|dressed|the
        door); grab a (seat|chair|bite|coffee|drink|beer|snack|nap|hold); move (on|in with|out|house); move on with; run
        (out|away|for|errands); go (for a|on a|to sleep|to bed|to
        hell|crazy|bananas|wrong|well|shopping|fishing|swimming|out with|viral|fish|figure); turn (the
        page|out|over|into|red|green|blue|black|white); pull (over|yourself|the|my|out|up); hold (hands|your
        breath|my|the door|the line); head (start|count); follow (up|through|the (rules|instructions|recipe|news|link))
        """,
    ),
)
