"""
The forms of questions to the robot, as regular expressions, one a line, of which one must match a whole question.

`{object}` and `{place}` stand for a name, the other braces for `WORDS`. What is said before ("tell me") and after
("please") is left out first.
"""

from __future__ import annotations

WORDS = {
    '{go}': '(going|headed|heading|driving|moving|navigating|travelling|traveling|off)',
    '{see}': ('(see|seeing|looking at|detect|notice|recognize|recognise|perceive|make out|spot|sense|hear)'),
    '{some}': (
        '(anything|something|anyone|someone|anybody|somebody|(an |any )?obstacles?|any objects|(any )?people|a wall)'
    ),
    '{around}': (
        '(there|here|now|anywhere|around|nearby|ahead|over there|from (there|here)|(around|near|in front '
        'of|ahead of) you|in view|right now)'
    ),
    '{taking}': (
        '( will| would| does| do| is| are| can| it| you| take| takes| to| be| get| reach| arrive| there| '
        'here| done| for| drive| go| at| in| need| until| till| before| left| finished| remaining| the trip| '
        'that| still| getting)'
    ),
}

PATTERNS: dict[str, str] = {
    'position': r"""
        where (are|r) (you|we)( now| right now| at| located| standing)?
        where you are( now| at| located)?
        (what (is|are) )?(your|the) (current |exact )?(position|location|pose|coordinates|whereabouts)( is| are)?
        (what|which) (room|place|area|part of \w+ \w+) (are you|you are) (in|at)
        (what|which) (room|place) is this
        what is your current (position|location)
        where do you think you are
        (current )?(location|position)( report)?
        are you (lost|home)
        where in the (room|house|building|map) are you
        locate yourself
        where have you (gone|got to)
    """,
    'battery': r"""
        (what|how|is|are|do|does|will|when|check|any) .*\b(battery|batteries)\b.*
        (the |your |current )*(battery|batteries)( level| status| charge| life| left| state| report| check| is| have)*
        (the |your |current )*(power|charge|energy)( level| status| left| state| report| is)+
        how much .*(charge|power|energy|juice)( .*)?
        (are you|is it) (fully |still )?(charged|charging|low on (power|battery|energy|charge))
        (do )?you (need|have) (to )?(be )?((re)?charg(e|ed|ing)|enough (power|charge))( .*)?
        how (full|charged|low) (are you|is your \w+)
        how long (can you|until you) (run|last|need to charge|run out of power)( .*)?
    """,
    'speed': r"""
        how (fast|quick|quickly) (are|do|can|were) (you|we) ({go}|go|move|drive)( now)?
        how fast (are you|is that|you are going)
        how fast you are (going|moving|driving)
        (what is )?(your|the) (current |present |actual )?(speed|velocity|pace)( is)?
        what speed (are you|is that|do you)( .*)?
        what (is )?(your )?current speed
        current speed
        what is your (speed limit|(maximum|max|top) speed)
        speed report
        at what speed .*
    """,
    'status': r"""
        what (are you|you are) (doing|up to|working on|busy with)( now)?
        (what is )?(your|the|a) (current )?(status|state|task|job|mission status)( report| update| is)?
        status( report| update)?
        how (are you|is it|are things|do you feel|is everything|have you been|you are)( doing| feeling| going)?
        (are )?you (ok|okay|alright|all right|busy|ready|done|finished|idle|still there|free|available)( yet| now)?
        (are )?you (moving|working|awake|online|stuck|operational|stopped|driving|waiting|running)( yet| now)?
        (is )?everything( is)? (ok|okay|alright|all right|fine|working|good)
        (did|have) you (finish|complete|arrive|reach|done|do it|made it|get there|got there)(ed|d)?( .*)?
        what is (going on|happening|wrong|the matter|up|your problem|the status|the problem)( with you)?
        what happened
        (can|do|did) you (hear|understand)( me| that)?
        are you listening( to me)?
        report( status| in| back)?
        (is (there )?)?(any|an|some) (errors?|problems?|faults?)
        any problems
        why (are|have|did) you (not moving|stopped|stop|waiting|not move|stop moving)
        system (status|check)
        run diagnostics
        sitrep
        what are you waiting for
        do you have (any )?(errors|problems|a task|a job)
    """,
    'identity': r"""
        who (are you|you are)( exactly)?
        (what is |tell me |say )?your name( is)?
        what are you( called| exactly)?
        what do (they|people|i|we) call you
        what (should|can|do|shall) i call you
        introduce yourself( (to|please) .*)?
        about yourself
        (what|which) (kind|type|sort|model) (of \w+ )?(are you|is this)
        are you a \w+
        who (made|built|created|designed) you
        do you have a name
        identify yourself
        what your name is
        tell me (something )?about yourself
        what are you called
        what model are you
        what is your (model|identity|serial number)
        what (type|kind) of robot are you
    """,
    'capabilities': r"""
        what (can|could) you (do|understand|help me with|help with)( for me| for us)?
        what (all )?(you can|can you) do
        help( me)?
        can you help( me)?
        (i )?need help
        (what|which) (commands|orders|things|tasks|actions|skills|functions|words) (can|do|could) (you|i)( \w+){1,4}
        what (are|is) your (capabilities|abilities|skills|functions|capability|commands|features)
        what (are you|you are) (able to do|capable of( doing)?|good at|made for|designed for)
        how (can|do) (you help|i use you|i control you|i command you|you work)( me)?
        what (can|should|could|do) i (say|ask|tell|do|ask you|tell you|say to you|ask you to do)( \w+){0,3}
        your (capabilities|abilities|skills|functions|features)
        (list|show|give|tell)( me)? (\w+ )?(\w+ )?(commands|capabilities|abilities|skills|functions)
        what else can you do
        what do you (do|know|know how to do|understand|offer)
        do you have (any )?(skills|arms|an arm|hands|a camera|wheels|a gripper)
    """,
    'destination': r"""
        where (are you|are we|you are) {go}( to)?( now| next)?
        (what is )?(your|the) (current |next )?(destination|goal|target|next stop|waypoint)( is)?
        (what|which) (place|room|location|waypoint) (are you|you are) {go}( to| for)?
        where (to|next|will you go|do you go)( next| now)?
        where are you on your way to
        what are you (heading|headed|driving|going) (to|for|towards)
        are you (going|heading|on your way) (somewhere|anywhere)
    """,
    'eta': r"""
        (what is )?(your|the) (eta|(estimated )?(time of arrival|arrival( time)?))( (to|at) {place})?( is)?
        eta
        when (will|do|are) you (be|get|arrive|reach|finish|getting)( there| done| here| back| to| at| in)*( {place})?
        when you will (arrive|be there|get there)
        when do you (expect to )?(arrive|get there)
        when do you (expect to )?(get to|reach|arrive at) {place}
        how (long|much (time|longer)|many (minutes|seconds)|soon)( more)?{taking}*( {place})?
        how much longer( .*)?
        are (you|we) (nearly|almost) (there|done)
        are (we|you) (nearly |almost )?there( yet)?
        will it take long
    """,
    'distance': r"""
        how far (it is|is it|you are|are you|away (is it|it is|you are|are you)) (to|from|until) {place}
        how far( away| off)? (is|are|is it|is the distance)( to| from here to)? {place}( from (you|here|us))?( away)?
        how far( away)?( is it)? (to|until|till|from here to) {place}
        how far( away)?( are| is)?( you| it)( away)? (from|to) {place}
        (what is )?(the |your )?distance (to|from|from you to|between you and|from here to) {place}
        how far( away)? is it( from here)?
        how far (to|away)( go| is it| are you)?
        how (close|near) (are you|is it) to {place}
        how many (meters|feet|metres|steps) (is it |are you )?(to|from|away from|until|away is) {place}
        how far (have|did|can|do|will) you (gone|go|driven|drive|moved|move|travelled|traveled|come|see)( .*)?
        how far (is left|left|to go|is it still|you are|you have gone)
        how far away {place} is
        how much (distance|further|farther)( .*)?
    """,
    'perception': r"""
        (what|who) (do|can|could|are|did) you {see}( {around}| (with|through) your camera)*
        what (you see|you can see|you are looking at|you see in front of you)
        (what|who) is (in front of|ahead of|behind|next to|around|near|beside|(to the )?(left|right) of) you
        what is (there|ahead|nearby|in view|visible)
        what is (to|on|at) (the|your) (left|right|front|back)( of you)?
        what is in your (view|way|path|field of view|sight)
        (can|do|could|did) you (still )?{see} {some}( .*)?
        (is|are) there {some}( .*)?
        (can|do|could|did) you (still )?{see} {object}( {around})?( (on|in|near|at|under|next to|by) {place})?
        (is|are) there (an?|any|some|the) {object}( {around})?( (on|in|near|at|under|by) {place})?
        (what|which) (objects|things|obstacles|people|items|kind of objects) (do|can|are) (you|there)( .*)?
        what is (on|in|under|at|inside) {place}
        how many \w+( \w+)? (do you see|can you see|are there|you see)( .*)?
        describe (what you see|your surroundings|the (room|scene|surroundings)|what is .*|your view|the area)
        look around and tell me what you see
        (is|are) (the )?(path|way|road|coast|hallway) (clear|free|blocked)( ahead)?
        is (anyone|anybody|someone|anything|something) (here|there|home)
        is (anyone|anybody|someone|somebody|anything|something) (in|on|at|under|near) {place}
        what does it look like( .*)?
        what (is|are) your (surroundings|sensors? (see|seeing|detecting))
        is the (door|way) (open|closed)
        what can your camera see
        who is (there|here|in the room|with you)
        anything (in your way|ahead|in front of you)
        do you see me
        can you see me
    """,
    'object_location': r"""
        where (is|are|did you (put|leave|see|drop)|can i find|do (you|we) keep) {object}( (now|at|located|kept))*
        where {object} (is|are)( now| located)?
        (have|did) you (seen|see|found|find|noticed) {object}( anywhere| lately| today| yet| around)?
        (what|which) (room|place|shelf|table|part of the house) (is|are) {object} (in|on|at)
        (what is )?the (location|position|whereabouts) of {object}( is)?
        (is|are) {object} (in|at|near) {place}
        (is|are) (the|my|your) {object} (in|on|at|under|near|by) {place}
        (is|are) (the|my|your) {object} (still )?(there|here|nearby|around)
        do you know where {object} (is|are)
        where did {object} go
        show me where {object} (is|are)
        in (what|which) room (is|are) {object}
    """,
}
