"""The names of the topics, relative to the pipeline's namespace, in flow order. Remap them at launch."""

AUDIO = 'audio'
TRANSCRIPT = 'transcript'
COMMAND = 'command'
INTENT = 'intent'
PLAN = 'plan'
SAY = 'say'
SPEAKING = 'speaking'  # std_msgs/Bool, latched: whether the loudspeaker is at work
STOP = 'stop'
EXECUTION = 'execution'
SKILL = 'skill'
SKILL_RESULT = 'skill_result'
CMD_VEL = 'cmd_vel'
ODOM = 'odom'
SCAN = 'scan'  # sensor_msgs/LaserScan
BATTERY = 'battery_state'  # sensor_msgs/BatteryState
READY = 'ready'  # std_msgs/String, latched: the name of each node once it does its work
PERFORMANCE = 'performance'  # lines for people; below it numbers for plots
REPORT = 'performance/report'  # the monitor's whole report, one JSON document
UTTERANCE = 'performance/utterance'  # one JSON document an utterance, again whenever it has come further
DIAGNOSTICS = '/diagnostics'  # absolute: where every ROS tool looks (REP-107)


def of_stream(stream: str, topic: str) -> str:
    """Return the name of the topic of one of several streams of sound; '' is the only one."""
    return f'{stream}/{topic}' if stream else topic
