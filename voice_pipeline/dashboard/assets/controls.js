// STOP and typed commands, apart from the page's updates: nothing that is slow there can hold them up.
(() => {
  'use strict';
  const LOST_AFTER_MS = 3000;
  const PATIENCE_MS = 3000;
  const element = (id) => document.getElementById(id);

  const tell = (text, isProblem) => {
    const told = element('told');
    told.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
    told.classList.toggle('problem', isProblem);
  };

  const post = async (path, form, done) => {
    try {
      const answer = await fetch(path, {
        method: 'POST',
        body: new URLSearchParams(new FormData(form)),
        keepalive: true,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      tell(answer.ok ? done : (await answer.text()).trim(), !answer.ok);
      return answer.ok;
    } catch (error) {
      tell(`NOT sent: no connection to the robot (${error.message})`, true);
      return false;
    }
  };

  const stop = (event) => {
    if (event.type === 'submit') event.preventDefault();
    post('/stop', element('stop'), 'STOP sent');
  };
  // When it is pressed, not when it is let go; a stop that comes twice is the same stop.
  element('stop').addEventListener('pointerdown', stop);
  element('stop').addEventListener('submit', stop);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.repeat) stop(event);
  });

  element('command').addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.target;
    const words = element('words').value;
    if (await post('/command', form, `sent: ${words}`)) form.reset();
  });

  // Whoever looks must know when what he sees is no longer true.
  let updated = performance.now();
  new MutationObserver(() => { updated = performance.now(); })
    .observe(element('react-entry-point'), { subtree: true, attributeFilter: ['data-now'] });
  setInterval(() => { element('lost').hidden = performance.now() - updated < LOST_AFTER_MS; }, 500);
})();
