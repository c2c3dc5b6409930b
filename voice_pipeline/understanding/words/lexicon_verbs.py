"""The verbs of the grammar: which phrases say to do what. `lexicon` says how the tables are read."""

from __future__ import annotations

from voice_pipeline.understanding.words.items import Verb

# Of a phrase that is there twice the first counts.
VERBS: tuple[tuple[Verb, str], ...] = (
    (
        Verb('go'),
        """
        go [over|on over]; drive [over]; walk [over]; travel; head [over]; roll; navigate; run [over]; pull;
        (start|begin) (going|moving|driving|walking|rolling); (make|find|work) your way; race; rush; hurry; cruise;
        creep; crawl; dash; fly; zoom; march; report; bring yourself; position yourself; place yourself; park
        [yourself]; stand; get going
        """,
    ),
    (
        Verb('go'),
        """
        (stroll|wander|amble|saunter|trot|jog|glide|waddle|trundle|toddle|scurry|scuttle|sprint|zip|whiz|pop|nip|
        trek|drift|motor|putter) [on] [over]
        """,
    ),
    (Verb('come'), 'come [right|on] over; come [right]; come (right|straight) back; get [right] over; return'),
    (
        Verb('go', 'forward'),
        """
        advance; go on ahead; press on; (push|forge|plough|plow|ease|lurch|coast) (on|ahead|forward|forwards); move
        closer; come closer; go closer; get closer
        """,
    ),
    (
        Verb('go', 'backward'),
        """
        back [it|yourself|the robot] up; backup; back away; (step|get|scoot) away; back off; reverse; (go|drive|move) in
        reverse; retreat; back out; withdraw; step back; stand back; move away; go away; backtrack; take a step
        (back|backward|backwards)
        """,
    ),
    (Verb('go', 'forward'), 'take a step (forward|forwards|ahead); step forward'),
    (
        Verb('move'),
        """
        move [it|yourself|over|on over]; slide [over]; strafe; shift [over]; sidestep; step [over]; shuffle [over];
        (scoot|scooch|shimmy|edge|sidle|crab|budge) [over|on over]; move your [whole] body; nudge [over]; inch [over];
        (go|drive|move|slide|step|roll|slip) (sideways|laterally)
        """,
    ),
    (
        Verb('turn'),
        """
        turn [it|yourself|your [whole|entire] body] [in place|on the spot]; rotate [yourself]; rotation; spin
        [yourself]; twirl; whirl; whip; pivot; swivel; swing; veer; bear; steer; wheel; twist; hang a; hook a; hang
        """,
    ),
    (
        Verb('turn', 'around'),
        """
        about face; about turn; (make|do|perform|take|pull|execute) a u turn; u turn; turn back; turn [back] the other
        way; face the other way; (go|turn) round; do an about face; reverse (course|direction)
        """,
    ),
    (Verb('do'), '(make|do|perform|execute) [a|an]; take (a|an)'),
    (Verb('face'), 'face; turn to face; turn and face; orient yourself; point yourself; aim yourself'),
    (
        Verb('reach'),
        """
        visit; (go|come) [and] (see|visit|meet); (head|make|aim|set off) [straight] for; pull up
        (to|at|by|near|beside|next to); set [a] course for; plot a course (to|for); come [and] (stand|sit|wait|stay)
        (by|near|next to|beside|with); swing by; make it [over] to; get [yourself] [over] to; i (want|need|would like)
        you [to be] [over] (in|at|by|near); go [and] (wait|stay|sit|stand|park) [over] (in|at|by|near|next to|beside);
        [go] (stand|park) (by|near|next to|beside|at) the; enter; approach; reach; go inside; check out
        """,
    ),
    (
        Verb('lead'),
        """
        (take|lead|guide|escort|drive|walk|accompany) (me|us); (show|lead) me the way; lead the way; meet me; join me
        """,
    ),
    (
        Verb('stop'),
        """
        stop [it|that|there|here|right there|right here|now|everything|immediately|where you are|the robot|all
        motion|all movement|at once|this instant|dead|in your tracks]; stop
        (moving|turning|driving|going|rotating|spinning|walking|rolling|what you are doing|doing that|following
        [me]|dancing|talking); halt; freeze; come to (a|an) [full|complete|immediate] (stop|halt); stand still; hold
        still; hold it; full stop; emergency [stop]; whoa; woah; abort; that is [far] enough; enough; brake; (hit|slam)
        the brakes; quit moving; cease [all motion]; e stop; estop; bring [it|yourself] to a (stop|halt)
        """,
    ),
    (
        Verb('resume'),
        """
        resume [it|moving|driving|motion|movement|operation]; continue [[with] (it|that)]; get back to (it|work); back
        to work; proceed as planned; get moving [again]; un pause; carry on [with it]; go on; unpause; go ahead;
        continue on your way; (continue|carry on|pick up|resume|start again) [from] where you (left|stopped) [off]; keep
        moving; you may continue; get going again; start again; start moving again; proceed; keep it up; continue on; as
        you were; (keep [on]|continue) (going|moving|driving|walking|rolling|travelling|traveling|on); continue to
        (go|move|drive|walk)
        """,
    ),
    (
        Verb('cancel'),
        """
        cancel [that|it|this|everything] [all]; never mind [about] [that|it|this]; forget [about] (it|that|this) [all];
        call (it|that) off; disregard [that|this]; ignore (that|this); do not bother; (scratch|scrap|strike|delete|undo)
        (that|it|this); give up on (that|it); forget (i asked|i said (anything|that|it)); [i] take that back; i changed
        my mind; i have changed my mind; belay that; let me start over; change of (plan|plans)
        """,
    ),
    (
        Verb('pause'),
        """
        pause [it|there|here|that]; wait [there|here|right there|right here|up|where you are|for me|for now] [a
        (moment|minute|second|sec|bit|little|little bit|while|few (second|moments|minutes))]; (hold|hang) on [a
        (moment|minute|second|sec)|there]; hang tight; hold your horses; put (it|that|everything|this) on hold; take 5;
        hold [your] position; hold up; stand by; standby; stay [there|here|put|right there|where you are|in
        place|still|right here|in position]; take a (break|breather|pause); [just|give me|give it|hold that] a
        (moment|second|sec|minute|few second); remain [there|here|where you are]; wait your turn; hold there; hold here;
        rest; do nothing; sit tight
        """,
    ),
    (
        Verb('repeat'),
        """
        repeat [that|it|this|yourself]; (do|run|perform|try) (it|that|this|the same [thing]) [again|over]; [the] same
        [thing] again; redo (that|it); encore; say that again; go again
        """,
    ),
    (
        Verb('speed', 'increase'),
        """
        speed [it|things] up [to]; double (your|the) speed; (go|drive|move|walk|run|be|turn|rotate) [a bit|a little|a
        little bit|much|even|any] (faster|quicker|more quickly); (go|drive|move) twice as fast; faster; quicker; hurry
        [it] up; (increase|raise|up) [the|your] (speed|velocity|pace); accelerate; pick up the pace; step on it; pick up
        speed; more speed; get a move on; quicken [your|the] pace; [that is|it is|you are
        [going|moving|driving|turning]] (too|so) (slow|slowly)
        """,
    ),
    (
        Verb('speed', 'decrease'),
        """
        slow [it|things] down [to]; halve (your|the) speed; cut (your|the) speed in half;
        (go|drive|move|walk|run|be|turn|rotate) [a bit|a little|a little bit|much|even] (slower|more slowly); slower;
        not so fast; (decrease|reduce|lower|drop|cut) [the|your] (speed|velocity|pace); decelerate; less speed; ease
        (up|off); take it (easy|slow); [that is|it is|you are [going|moving|driving|turning]] too (fast|quick|quickly);
        slacken [your|the] pace
        """,
    ),
    (
        Verb('speed'),
        """
        (set|change|adjust|make|limit|put|increase|decrease|reduce|raise|lower) [the|your|my] [maximum|max|driving|top]
        (speed|velocity|pace) [of|to]; [your|the] [new] speed [is|should be|limit|to]
        """,
    ),
    (
        Verb('speed', 'slow'),
        """
        slow mode; (go|drive|move|be) slow; low speed; slow speed; (use|switch to|set) [the|your] slow (mode|speed);
        (switch|change|go|shift) to slow; minimum speed
        """,
    ),
    (
        Verb('speed', 'normal'),
        """
        [back to|return to|go back to|resume|use] [the|your] (normal|regular|default|usual|standard) (speed|pace|mode);
        reset [the|your] speed; (switch|change|go) [back] to normal
        """,
    ),
    (
        Verb('speed', 'fast'),
        """
        fast mode; (go|drive|move|be) fast; high speed; (use|switch to|set) [the|your] fast (mode|speed);
        (switch|change|go) to fast
        """,
    ),
    (
        Verb('follow'),
        """
        follow [along|behind|after]; track; chase [after]; tail; shadow; (come|walk|tag|go) (along [with]|with);
        (keep|stay|stick) (up with|close to|with|behind|next to|near|by); (walk|drive|trail|go) (behind|after); pursue;
        accompany; run after; come after; keep following; start following; stay on; trail
        """,
    ),
    (
        Verb('look'),
        """
        (look|glance|gaze|peek|peer) [straight]; look out (the|of); (take|have) a [quick|good] look; stare; watch;
        (turn|tilt|point|move|rotate|pan|aim|direct|swivel) (your|the) (head|camera|eyes|gaze|face|cameras|sensor|view);
        pan; tilt; scan; inspect; check; examine; survey; observe; keep an eye; focus
        """,
    ),
    (Verb('look', 'up'), '(raise|lift) your (head|eyes|chin|gaze|camera)'),
    (Verb('look', 'down'), '(lower|drop) your (head|eyes|chin|gaze|camera)'),
    (
        Verb('find'),
        """
        (look|search|hunt|scan|watch|check) [around] for; find [me|out where]; locate; seek [out]; spot; try to find;
        search; detect
        """,
    ),
    (
        Verb('pick'),
        """
        pick [up|out]; lift [up]; grasp; collect; gather [up]; pick up for me; scoop up; retrieve; snatch; hold
        """,
    ),
    (Verb('take'), 'take; grab; get; catch; take hold of; grab hold of; get hold of; remove; take away'),
    (
        Verb('fetch'),
        """
        fetch [me|us]; (bring|get|grab|find and bring|go get|pass over) me; bring; go (fetch|get) me; bring [it] over;
        (can|could|may) i (have|get); bring back; i (would like|want|need); get us; bring us; bring back to me; grab us
        """,
    ),
    (Verb('carry'), 'carry; deliver; transport; haul; transfer'),
    (
        Verb('put'),
        """
        put [down|back]; place [down]; set [down]; lay [down]; leave; deposit; position; store; stick; insert; stack;
        stash; lean
        """,
    ),
    (Verb('drop'), 'drop [off]; release; let go of; let go; toss; throw; dump; unload'),
    (Verb('give'), 'give [back]; hand [over]; pass; offer'),
    (
        Verb('gesture', 'wave'),
        """
        wave [your] [hand|arm|hands|arms] [hi|hello|goodbye|good bye|bye]; give [me|us|them|everyone] a
        [little|friendly|quick] wave
        """,
    ),
    (Verb('gesture', 'nod'), 'nod [your head] [yes]; shake your head yes; give [me|us] a nod'),
    (Verb('gesture', 'bow'), 'bow [down]; take a bow; (make|do|give [me|us]) a [little|polite|deep] bow; curtsy'),
    (
        Verb('gesture', 'dance'),
        """
        dance; (do|perform|start|show me|show us|give us|give me) (a|your|the|some|a little|a silly|a happy)
        (dance|dancing|dance moves|moves|robot dance|jig|boogie); bust a move; boogie; dance around; do the robot; let
        us dance; get dancing
        """,
    ),
    (Verb('gesture', 'point'), 'point [your (finger|hand|arm)|out]; show me where; indicate'),
    (
        Verb('gesture', 'high_five'),
        """
        [give|do|slap|hit] [me|us] [a] high five; high fives; up top
        """,
    ),
    (
        Verb('gesture', 'handshake'),
        """
        shake [my|his|her] (hand|hands); (give [me|us]|do|offer) a handshake; handshake; shake on it
        """,
    ),
    (Verb('greet'), 'greet; welcome'),
    (
        Verb('dock'),
        """
        [go] (dock|recharge) [yourself|your (battery|batteries)]; [go] charge (yourself|your (battery|batteries)|up); go
        [and] charge; plug yourself in; [go] get [yourself] charged; charge
        """,
    ),
)
