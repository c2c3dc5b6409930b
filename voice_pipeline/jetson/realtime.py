"""The right to real-time priority: the capture of sound must not wait for anything else on the processor."""

from __future__ import annotations

from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.tuning import Reading, Values

GROUP = 'realtime'
LIMITS = '/etc/security/limits.d/99-realtime.conf'
# The priority is above normal work and below the kernel's own threads (99); locked memory does not get swapped.
LIMIT_LINES = (f'@{GROUP} - rtprio 90', f'@{GROUP} - memlock unlimited', f'@{GROUP} - nice -11')
NOTE = 'in effect from the next login; a systemd unit needs LimitRTPRIO= instead'


class RealtimeTuning:
    """Gives the group `realtime` the right, by pam_limits, and makes the user a member."""

    name = 'real-time rights'
    survives_reboot = True

    def __init__(self, host: Host, user: str) -> None:
        self._host = host
        self._user = user

    def read(self) -> Reading:
        """Look whether the group is there, has the rights, and the user in it."""
        missing = []
        if not self._has_rights():
            missing.append(f'no rights for the group {GROUP}')
        if self._user not in (self._members() or ()):
            missing.append(f'{self._user} is not in the group {GROUP}')
        allowed = f'{self._user} may use them'
        return Reading(', '.join(missing) if missing else allowed, allowed, not missing, NOTE)

    def save(self) -> Values:
        """Return the file, the group and the membership, as far as they are there."""
        members = self._members()
        values = {'group': 'missing' if members is None else 'there'}
        if members is not None and self._user in members:
            values['member'] = self._user
        text = self._host.read_exactly(LIMITS)
        return values if text is None else values | {'file': text}

    def change(self) -> None:
        """Make the group, give it the rights, and add the user."""
        if self._members() is None:
            self._host.as_root(self._host.program('groupadd'), '-f', GROUP)
        if not self._has_rights():
            kept = [line for line in self._limits() if line not in LIMIT_LINES]
            self._host.write(LIMITS, '\n'.join([*kept, *LIMIT_LINES]) + '\n')
        if self._user not in (self._members() or ()):
            self._host.as_root(self._host.program('usermod'), '-aG', GROUP, self._user)

    def restore(self, saved: Values) -> None:
        """Take away what was not there."""
        if 'file' in saved:
            self._host.write(LIMITS, saved['file'])
        else:
            self._host.remove(LIMITS)
        if 'member' not in saved and self._user in (self._members() or ()):
            self._host.as_root(self._host.program('gpasswd'), '-d', self._user, GROUP)
        if saved.get('group') == 'missing' and self._members() == ():
            self._host.as_root(self._host.program('groupdel'), GROUP)

    def root_commands(self) -> tuple[tuple[str, ...], ...]:
        """Return none: it is done once and for all."""
        return ()

    def _limits(self) -> list[str]:
        return self._host.read(LIMITS).splitlines()

    def _has_rights(self) -> bool:
        return {' '.join(line.split()) for line in self._limits()} >= set(LIMIT_LINES)

    def _members(self) -> tuple[str, ...] | None:
        """Return who is in the group; None where it does not exist."""
        for line in self._host.read('/etc/group').splitlines():
            name, _, rest = line.partition(':')
            if name == GROUP:
                return tuple(member for member in rest.rpartition(':')[2].split(',') if member)
        return None
