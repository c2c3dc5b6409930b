"""
File systems of Jetson boards to try the set-up on, with programs that behave as NVIDIA's do.

The programs are shell scripts inside the tree and change only its files. The formats are those of Jetson Linux 36.
"""

import stat
from dataclasses import dataclass
from pathlib import Path

import psutil

from voice_pipeline.jetson.clocks import ClocksTuning
from voice_pipeline.jetson.governor import GovernorTuning
from voice_pipeline.jetson.host import Completed, Host, run_command
from voice_pipeline.jetson.power_mode import PowerModeTuning
from voice_pipeline.jetson.realtime import RealtimeTuning
from voice_pipeline.jetson.swapping import SwappinessTuning

USER = 'robot'
BOOT_ID = 'b5c0ffee'
CPU_KHZ, GPU_HZ, EMC_HZ = 1728000, 1020000000, 3199000000  # what the hardware can do
CPU_FLOOR_KHZ, GPU_FLOOR_HZ = 729600, 306000000


@dataclass(frozen=True)
class Mode:
    """A power mode of a fake board; -1 is "no cap"."""

    id: int
    name: str
    cores: int
    cpu_khz: int
    gpu_hz: int
    emc_hz: int


@dataclass(frozen=True)
class FakeBoard:
    """A board as it leaves the factory."""

    model: str
    cores: int
    modes: tuple[Mode, ...]
    active: int
    fastest: str


NANO_SUPER = FakeBoard(
    'NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super',
    6,
    (
        Mode(0, '15W', 6, 1497600, 612000000, 2133000000),
        Mode(1, '25W', 6, 1344000, 918000000, 3199000000),
        Mode(2, 'MAXN_SUPER', 6, -1, -1, -1),
        Mode(3, '7W', 4, 960000, 408000000, 2133000000),
    ),
    1,
    'MAXN_SUPER',
)
NANO = FakeBoard(
    'NVIDIA Jetson Orin Nano Developer Kit',
    6,
    (Mode(0, '15W', 6, 1510400, 624750000, 2133000000), Mode(1, '7W', 4, 960000, 408000000, 2133000000)),
    1,
    '15W',
)
NX = FakeBoard(
    'NVIDIA Jetson Orin NX Engineering Reference Developer Kit',
    8,
    (
        Mode(0, 'MAXN', 8, -1, -1, 0),
        Mode(1, '10W', 4, 1190400, 612000000, 2133000000),
        Mode(2, '15W', 4, 1420800, 612000000, 2133000000),
        Mode(3, '25W', 8, 1497600, 408000000, 3199000000),
    ),
    3,
    'MAXN',
)
BOARDS = {'nano-super': NANO_SUPER, 'nano': NANO, 'nx': NX}


def configuration(board: FakeBoard) -> str:
    """Return the board's nvpmodel.conf."""
    lines = ['# Power modes', '< PARAM TYPE=FILE NAME=CPU_ONLINE >']
    lines += [f'CORE_{core} /sys/devices/system/cpu/cpu{core}/online' for core in range(board.cores)]
    lines += ['< PARAM TYPE=CLOCK NAME=CPU_A78_0 >', 'MAX_FREQ /sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq']
    lines += ['< PARAM TYPE=CLOCK NAME=EMC >', 'MAX_FREQ /sys/kernel/nvpmodel_emc_cap/emc_iso_cap', '']
    for mode in board.modes:
        lines.append(f'< POWER_MODEL ID={mode.id} NAME={mode.name} >')
        lines += [f'CPU_ONLINE CORE_{core} {int(core < mode.cores)}' for core in range(board.cores)]
        lines += ['TPC_POWER_GATING TPC_PG_MASK 0', 'GPU_POWER_CONTROL_ENABLE GPU_PWR_CNTL_EN on']
        for cluster in range(board.cores // 4 + (board.cores % 4 > 0)):
            lines += [f'CPU_A78_{cluster} MIN_FREQ 729600', f'CPU_A78_{cluster} MAX_FREQ {mode.cpu_khz}']
        lines += ['GPU MIN_FREQ 0', f'GPU MAX_FREQ {mode.gpu_hz}', 'GPU_POWER_CONTROL_DISABLE GPU_PWR_CNTL_DIS auto']
        lines += [f'EMC MAX_FREQ {mode.emc_hz}', '']
    lines += ['# What is used at the first boot', f'< PM_CONFIG DEFAULT={board.active} >']
    return '\n'.join(lines) + '\n'


NVPMODEL = """\
#!/bin/sh
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ "$1" = -q ]; then
    echo "NVPM WARN: fan mode is not set!"
    echo "NV Power Mode: $(cat "$root/active_name")"
    cat "$root/active_id"
    exit 0
fi
if grep -qx "$2" "$root/needs_reboot" 2>/dev/null; then
    echo "NVPM WARN: Golden image context is already created"
    echo "NVPM WARN: Reboot required for changing to this power mode: $2"
    echo "NVPM WARN: DO YOU WANT TO REBOOT NOW? enter YES/yes to confirm:"
    read -r answer
    case "$answer" in
        [Yy]*) touch "$root/rebooted" ;;
        *) echo "NVPM ERROR: optMask is 1, no request for power mode"; exit 255 ;;
    esac
fi
case "$2" in
@MODES@
    *) echo "NVPM ERROR: invalid mode"; exit 255 ;;
esac
echo "$2" > "$root/active_id"
echo "$name" > "$root/active_name"
[ -e "$root/var/lib/nvpmodel/status" ] && printf 'pmode:%04d fmode:quiet\\n' "$2" > "$root/var/lib/nvpmodel/status"
for policy in "$root"/sys/devices/system/cpu/cpufreq/policy*; do
    echo "$cpu" > "$policy/scaling_max_freq"
    echo @CPU_FLOOR@ > "$policy/scaling_min_freq"
done
echo "$gpu" > "$root/sys/class/devfreq/17000000.gpu/max_freq"
echo @GPU_FLOOR@ > "$root/sys/class/devfreq/17000000.gpu/min_freq"
"""

JETSON_CLOCKS = """\
#!/bin/sh
root=$(cd "$(dirname "$0")/../.." && pwd)
lows="$root/sys/devices/system/cpu/cpufreq/policy*/scaling_min_freq $root/sys/class/devfreq/*/min_freq"
case "$1" in
    --store)
        if [ -e "$2" ]; then
            echo "File $2 already exists. Can I overwrite it? Y/N:"
            read -r answer
            echo "Error: file $2 already exists!"
            exit 0
        fi
        for low in $lows; do echo "$low:$(cat "$low")" >> "$2"; done ;;
    --restore)
        if [ ! -e "$2" ]; then echo "Error: $2 file not found !"; exit 0; fi
        while IFS=: read -r low value; do echo "$value" > "$low"; done < "$2" ;;
    "")
        for low in $lows; do cat "${low%min_freq}max_freq" > "$low"; done ;;
esac
exit 0
"""

# groupadd, usermod, gpasswd and groupdel on the tree's /etc/group.
GROUP_TOOL = """\
#!/bin/sh
root=$(cd "$(dirname "$0")/../.." && pwd)
group="$root/etc/group"
case "$(basename "$0")" in
    groupadd) grep -q "^$2:" "$group" || echo "$2:x:999:" >> "$group" ;;
    usermod) sed -i "s/^$2:.*:$/&$3/; t; s/^$2:.*/&,$3/" "$group" ;;
    gpasswd) sed -i "/^$3:/{ s/\\([:,]\\)$2\\(,\\|$\\)/\\1/; s/,$//; }" "$group" ;;
    groupdel) sed -i "/^$1:/d" "$group" ;;
esac
"""


def make_tree(root: Path, board: FakeBoard = NANO_SUPER, *, swap: str = '/mnt/4GB.swap') -> Path:
    """Write the board's file system below this folder."""
    put(root, 'proc/device-tree/model', board.model + '\0')
    put(root, 'proc/device-tree/compatible', 'nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0')
    put(root, 'proc/sys/kernel/random/boot_id', BOOT_ID)
    put(root, 'etc/nv_tegra_release', '# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n')
    put(root, 'etc/nvpmodel/board.conf', configuration(board))
    (root / 'etc/nvpmodel.conf').symlink_to('nvpmodel/board.conf')
    active = next(mode for mode in board.modes if mode.id == board.active)
    put(root, 'var/lib/nvpmodel/status', f'pmode:{active.id:04d} fmode:quiet\n')
    put(root, 'active_id', f'{active.id}\n')
    put(root, 'active_name', f'{active.name}\n')
    for policy in (0, 4):
        folder = f'sys/devices/system/cpu/cpufreq/policy{policy}'
        put(root, f'{folder}/scaling_governor', 'schedutil\n')
        put(root, f'{folder}/scaling_min_freq', f'{CPU_FLOOR_KHZ}\n')
        put(root, f'{folder}/scaling_max_freq', f'{_or_most(active.cpu_khz, CPU_KHZ)}\n')
    put(root, 'sys/class/devfreq/17000000.gpu/min_freq', f'{GPU_FLOOR_HZ}\n')
    put(root, 'sys/class/devfreq/17000000.gpu/max_freq', f'{_or_most(active.gpu_hz, GPU_HZ)}\n')
    swaps = 'Filename\tType\tSize\tUsed\tPriority\n/dev/zram0 partition 635440 0 5\n'
    put(root, 'proc/swaps', swaps + (f'{swap} file 4194300 0 -2\n' if swap else ''))
    put(root, 'proc/sys/vm/swappiness', '60\n')
    put(root, 'etc/sysctl.d/10-other.conf', 'kernel.printk = 4 4 1 7\n')
    put(root, 'etc/group', f'root:x:0:\naudio:x:29:{USER}\n')
    put(root, 'etc/security/limits.d/10-other.conf', '')
    _put_programs(root, board)
    return root


def _put_programs(root: Path, board: FakeBoard) -> None:
    arms = []
    for mode in board.modes:
        cpu_khz, gpu_hz = _or_most(mode.cpu_khz, CPU_KHZ), _or_most(mode.gpu_hz, GPU_HZ)
        arms.append(f'    {mode.id}) name={mode.name}; cpu={cpu_khz}; gpu={gpu_hz} ;;')
    nvpmodel = NVPMODEL.replace('@MODES@', '\n'.join(arms))
    nvpmodel = nvpmodel.replace('@CPU_FLOOR@', str(CPU_FLOOR_KHZ)).replace('@GPU_FLOOR@', str(GPU_FLOOR_HZ))
    put_program(root, 'usr/sbin/nvpmodel', nvpmodel)
    put_program(root, 'usr/bin/jetson_clocks', JETSON_CLOCKS)
    for tool in ('usr/sbin/groupadd', 'usr/sbin/usermod', 'usr/bin/gpasswd', 'usr/sbin/groupdel'):
        put_program(root, tool, GROUP_TOOL)


def put(root: Path, name: str, text: str) -> None:
    """Write a file of the tree."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def put_program(root: Path, name: str, text: str) -> None:
    """Write a program of the tree."""
    put(root, name, text)
    (root / name).chmod(stat.S_IRWXU)


def contents(root: Path) -> dict[str, str]:
    """Return the text of every file below a folder, by name: two of the same are the same."""
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob('*')) if path.is_file()}


def _or_most(value: int, most: int) -> int:
    return value if value > 0 else most


class Sudo:
    """A user's `sudo -n`: runs what the rules allow, and refuses all else as sudo does."""

    def __init__(self, sudoers: str = '') -> None:
        rules = [line.partition('NOPASSWD: ')[2] for line in sudoers.splitlines() if not line.startswith('#')]
        self._allowed = {rule.replace('\\', '').replace(' ""', '') for rule in rules}
        self.refused: list[str] = []

    def __call__(self, command, *, text_input: str, timeout_s: float) -> Completed:
        if tuple(command[:2]) != ('sudo', '-n'):
            return run_command(command, text_input=text_input, timeout_s=timeout_s)
        wanted = ' '.join(command[2:])
        if wanted not in self._allowed:
            self.refused.append(wanted)
            return Completed(1, 'sudo: unable to resolve host nano\nsudo: a password is required\n')
        return run_command(command[2:], text_input=text_input, timeout_s=timeout_s)


def all_tunings(host: Host, power_mode: str = 'max'):
    """Return all tunings for a machine, in their order."""
    return [
        PowerModeTuning(host, power_mode),
        ClocksTuning(host),
        GovernorTuning(host),
        SwappinessTuning(host),
        RealtimeTuning(host, USER),
    ]


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be taken note of."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
