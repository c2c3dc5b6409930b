"""What a language model is told: its task, and sentences with their plans, in the words of the plan's schema."""

from __future__ import annotations

SYSTEM = (
    'You turn what a person says to a mobile robot into a plan: a JSON list of steps in the order of doing. Left is '
    'positive. Answer [] where nothing is asked of the robot.'
)

# Each way of speaking once: the prompt's length is paid once, at the start, its cache in memory for as long.
EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        'robot scoot ahead 2 meters for me',
        '[{"action":"move","args":{"direction":"forward","distance_m":2}}]',
    ),
    (
        'give me a hand, the red cup is what I am after',
        '[{"action":"pick","args":{"object":"red cup"}},{"action":"place","args":{"object":"red cup","person":"me"}}]',
    ),
    (
        'we had a lovely time in the kitchen yesterday',
        '[]',
    ),
    (
        'your next stop is the lab but first face 90 degrees to the right',
        '[{"action":"turn","args":{"angle_deg":-90}},{"action":"go_to","args":{"place":"lab"}}]',
    ),
    (
        'tag along with kim',
        '[{"action":"follow","args":{"person":"kim"}}]',
    ),
    (
        'the box on the desk belongs on the shelf, would you see to it',
        '[{"action":"pick","args":{"object":"box","place":"desk"}},'
        '{"action":"place","args":{"object":"box","place":"shelf"}}]',
    ),
    (
        'give it a little wiggle back 30 centimeters and face the left, 90 degrees that is',
        '[{"action":"move","args":{"direction":"backward","distance_m":0.3}},'
        '{"action":"turn","args":{"angle_deg":90}}]',
    ),
    (
        'I wonder whether you have seen my phone',
        '[{"action":"query","args":{"topic":"object_location","object":"phone"}}]',
    ),
    (
        'sam is waiting for you in the office, bring the book along',
        '[{"action":"pick","args":{"object":"book"}},{"action":"go_to","args":{"place":"office"}},'
        '{"action":"place","args":{"object":"book","person":"sam"}}]',
    ),
    (
        'someone told me the door is 3 meters wide',
        '[]',
    ),
    (
        'is there enough energy in you, and let them see you dance',
        '[{"action":"query","args":{"topic":"battery"}},{"action":"gesture","args":{"gesture":"dance"}}]',
    ),
    (
        'I need you over here',
        '[{"action":"go_to","args":{"person":"me"}}]',
    ),
)
