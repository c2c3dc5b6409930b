"""The verbs of the grammar: which phrases say to do what. `lexicon` says how the tables are read."""

from __future__ import annotations

from voice_pipeline.understanding.items import Verb

# Of a phrase that is there twice the first counts.
VERBS: tuple[tuple[Verb, str], ...] = (
    (
        Verb('go'),
        """
        go [over|on over]; drive [over]; walk [over]; travel; head [over]; roll; navigate; return; run [over]; pull;
        (start|begin) (going|moving|driving|walking|rolling); (make|find|work) your way; race; rush; hurry; cruise;
        creep; crawl; inch; dash; fly; zoom; nudge; scoot [over]; march; report; get yourself; bring yourself; position
        yourself; place yourself; park [yourself]; stand; get going
        """,
    ),
    (Verb('come'), 'come [right] [over]; get [right] over'),
    (Verb('go', 'forward'), 'advance; go on ahead; press on; move closer; come closer; go closer; get closer'),
    (
        Verb('go', 'backward'),
        """
        back [it] up; backup; back away; back off; reverse; (go|drive|move) in reverse; retreat; back out; withdraw;
        step back; stand back; move away; go away; backtrack; take a step (back|backward|backwards)
        """,
    ),
    (Verb('go', 'forward'), 'take a step (forward|forwards|ahead); step forward'),
    (
        Verb('move'),
        """
        move [it|yourself|over|on over]; slide [over]; strafe; shift [over]; sidestep; step [over]; shuffle
        """,
    ),
    (
        Verb('turn'),
        """
        turn [it|yourself|your body]; rotate [yourself]; spin [yourself]; pivot; swivel; swing; veer; bear; steer;
        wheel; twist; hang a; hook a; hang
        """,
    ),
    (
        Verb('turn', 'around'),
        """
        about face; about turn; (make|do|perform|take|pull|execute) a u turn; u turn; turn back; turn [back] the other
        way; face the other way; (go|turn) round; do an about face
        """,
    ),
    (Verb('do'), '(make|do|perform|execute) [a|an]; take (a|an)'),
    (Verb('face'), 'face; turn to face; turn and face; orient yourself; point yourself; aim yourself'),
    (
        Verb('reach'),
        """
        visit; (head|make|aim|set off) for; i (want|need) you [to be] [over] (in|at|by|near); go [and]
        (wait|stay|sit|stand|park) [over] (in|at|by|near|next to|beside); [go] (stand|park) (by|near|next to|beside|at)
        the; enter; approach; reach; go inside; check out
        """,
    ),
    (
        Verb('lead'),
        '(take|lead|guide|escort|drive|walk|accompany) me; (show|lead) me the way; lead the way; meet me; join me',
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
        resume [your task|what you were doing|moving|driving|the mission|the plan|motion|movement|operation]; continue;
        carry on [with (it|that|your (task|job|mission|work))]; go on; unpause; go ahead; continue (what you were
        doing|with the plan|your task|your mission|the mission|on your way|with your task|where you left off); pick up
        where you left off; keep moving; you may continue; get going again; start again; start moving again; proceed;
        keep it up; continue on; as you were; carry on with what you were doing; get back to what you were doing; (keep
        [on]|continue) (going|moving|driving|walking|rolling|travelling|traveling|on); continue to (go|move|drive|walk)
        """,
    ),
    (
        Verb('cancel'),
        """
        cancel [that|it|the command|the last command|the order|the plan|the task|the mission|everything|the
        action|this|the current task|your task|what i said|the request|the goal|the navigation|all commands|the trip|the
        move]; never mind [that|it]; forget [about] (it|that|this|what i said|the whole thing); call it off; disregard
        [that|the last command]; ignore (that|what i said|the last command|my last command); drop the plan; abandon
        [the|your] (plan|task|mission); do not bother; (scratch|strike|delete|undo) (that|it); [i] take that back; i
        changed my mind; i have changed my mind; belay that; let me start over; change of (plan|plans)
        """,
    ),
    (
        Verb('pause'),
        """
        pause [it|there|here|the task|the mission|that]; wait [there|here|right there|right here|up|a moment|a minute|a
        second|a sec|a bit|a little|a little bit|a while|one moment|for me|for a moment|for a bit|for a second|for now];
        (hold|hang) on [a moment|a minute|a second|a sec|there]; hold [your] position; hold up; stand by; standby; stay
        [there|here|put|right there|where you are|in place|still|right here|in position]; take a (break|breather|pause);
        (one|just a|give me a|give it a|hold that a) (moment|second|sec|minute); remain [there|here|where you are]; give
        me (one|a) (moment|minute|second|sec); wait your turn; hold there; hold here; rest; suspend [the task]; do
        nothing; sit tight
        """,
    ),
    (
        Verb('repeat'),
        """
        repeat [that|it|this|the last (command|step|action|move)|your last (command|action|move)|what you just did|the
        previous (command|action|step)|yourself]; (do|run|perform|try) (it|that|this|the same|the same thing|the last
        (command|step|action|move)) [again|over|once more]; same again; redo that; redo it; encore; say that again; go
        again
        """,
    ),
    (
        Verb('speed', 'increase'),
        """
        speed [it|things] up; (go|drive|move|walk|run|be) [a bit|a little|a little bit|much|even|any]
        (faster|quicker|more quickly); (go|drive|move) twice as fast; faster; quicker; hurry [it] up;
        (increase|raise|up) [the|your] (speed|velocity|pace); accelerate; pick up the pace; step on it; pick up speed;
        more speed; get a move on; quicken [your|the] pace; too slow; you are [going|moving|driving] too slow
        """,
    ),
    (
        Verb('speed', 'decrease'),
        """
        slow [it|things] down; (go|drive|move|walk|be) [a bit|a little|a little bit|much|even] (slower|more slowly);
        slower; not so fast; (decrease|reduce|lower|drop|cut) [the|your] (speed|velocity|pace); decelerate; less speed;
        ease (up|off); take it (easy|slow); too fast; you are [going|moving|driving] too fast; slacken [your|the] pace
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
        slow mode; (go|drive|move) slow; low speed; slow speed; (use|switch to|set) [the] slow (mode|speed); minimum
        speed
        """,
    ),
    (
        Verb('speed', 'normal'),
        """
        [back to|return to|go back to|resume|use] [the|your] (normal|regular|default|usual|standard) (speed|pace|mode);
        reset [the|your] speed
        """,
    ),
    (
        Verb('speed', 'fast'),
        """
        fast mode; (go|drive|move) fast; high speed; (use|switch to|set) [the] fast (mode|speed)
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
        (look|glance|gaze|peek|peer) [straight|out|over]; (take|have) a [quick|good] look; stare; watch;
        (turn|tilt|point|move|rotate|pan|aim|direct|swivel) (your|the) (head|camera|eyes|gaze|face|cameras|sensor|view);
        pan; tilt; scan; inspect; check; examine; survey; observe; keep an eye; look [back|over]; focus
        """,
    ),
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
        (can|could|may) i (have|get); bring back; i would like; get us; bring us; bring back to me; grab us
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
        (dance|dancing|dance moves|moves|robot dance); bust a move; boogie; dance around; do the robot; let us dance;
        get dancing
        """,
    ),
    (Verb('gesture', 'point'), 'point [your (finger|hand|arm)|out]; show me where; indicate'),
    (
        Verb('gesture', 'high_five'),
        """
        [give|do] [me|us] [a] high five; high fives; (slap|hit) me [a] [high] five; give me five; up top
        """,
    ),
    (
        Verb('gesture', 'handshake'),
        """
        shake [my] (hand|hands); (give [me|us]|do|offer) a handshake; handshake; shake on it
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
