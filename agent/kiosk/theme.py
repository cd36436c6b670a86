"""The kiosk's own look: calm colours with contrast of at least 4.5 to 1, large type, targets of at least 64 pixels."""

CSS = """
:root { --ink:#14242e; --soft:#475c69; --line:#cbd7de; --page:#eef3f5; --card:#ffffff; --main:#0b5873; --good:#17613a;
  --bad:#9b1c1c; --warm:#fdf3d8; --nicegui-default-padding:0; }
body { background:var(--page); color:var(--ink); font-family:system-ui,"Segoe UI",Roboto,sans-serif; font-size:20px; }
#q-loading-bar { display:none; }
.nicegui-content { padding:0; gap:0; width:100%; min-height:100vh; display:flex; flex-direction:column; }

.bar { display:flex; flex-wrap:wrap; gap:10px 28px; align-items:center; width:100%; background:var(--ink); color:#fff;
  padding:16px 32px; font-size:17px; }
.bar .name { font-size:24px; font-weight:700; margin-right:auto; }
.dot { display:inline-block; width:12px; height:12px; border-radius:50%; background:#ffb4a8; margin-right:9px; }
.dot.on { background:#7fe0a7; }
.alarms { width:100%; background:var(--warm); color:#5a3b00; padding:12px 32px;
  border-bottom:2px solid #e0b64a; font-weight:600; }

.sheet { width:100%; max-width:1280px; margin:0 auto; padding:16px 32px; flex:1; display:flex;
  flex-direction:column; gap:14px; }
.head { display:flex; gap:14px; width:100%; align-items:center; min-height:76px; }
.foot { width:100%; padding:0 32px 18px; text-align:center; color:var(--soft); font-size:15px; }
h1 { font-size:36px; line-height:1.2; font-weight:700; margin:0; letter-spacing:-.4px; }
h2 { font-size:22px; line-height:1.2; font-weight:700; margin:4px 0 -6px; color:var(--soft); }
.lead { font-size:20px; color:var(--soft); margin:0; }
.sub { font-size:17px; line-height:1.4; font-weight:400; color:var(--soft); letter-spacing:0; }
.note { border-radius:14px; padding:16px 22px; font-size:21px; font-weight:600; background:#e3f3ea; color:var(--good);
  border:2px solid #a9d4bb; width:100%; }
.note.bad { background:#fdeaea; color:var(--bad); border-color:#ecb4b4; }

.told { width:100%; min-height:68px; }

.tools { display:flex; flex-wrap:wrap; gap:14px; width:100%; align-items:stretch; }
.tools .main { flex:1; }
.grid { display:grid; grid-template-columns:repeat(auto-fill,minmax(350px,1fr)); gap:14px; width:100%; }
.grid:empty { display:none; }
.split { display:grid; grid-template-columns:minmax(320px,1fr) 400px; gap:32px; width:100%; align-items:stretch;
  min-height:470px; }
.stack { display:flex; flex-direction:column; gap:14px; }
.stack > .main, .stack > .tools { margin-top:auto; }
@media (max-width:900px) { .split { grid-template-columns:1fr; min-height:0; } }

.k { min-height:64px; border-radius:14px; border:2px solid var(--line); background:var(--card); color:var(--ink);
  font-size:21px; line-height:1.3; font-weight:600; padding:12px 24px; box-shadow:0 1px 2px rgba(20,36,46,.08);
  text-transform:none; }
.k.main { background:var(--main); border-color:var(--main); color:#fff; min-height:80px; font-size:24px; }
.k.bad { color:var(--bad); border-color:#ddb0b0; }
.tools .k.bad { min-width:150px; }
.k:focus-visible { outline:4px solid #f0a500; outline-offset:2px; }
.k .q-focus-helper { display:none; }
.k:active { background:#dcebf1; }
.k.main:active { background:#084358; }
.k.disabled { opacity:1 !important; background:#e3eaee; color:#475c69; border-color:var(--line); }
.tile { min-height:96px; }
.tile .q-btn__content { width:100%; justify-content:space-between; flex-wrap:nowrap; gap:16px; text-align:left; }
.card { display:flex; gap:14px; align-items:center; width:100%; background:var(--card); border:2px solid var(--line);
  border-radius:14px; padding:14px 24px; font-size:22px; line-height:1.3; font-weight:600; }
.amount { font-size:28px; line-height:1.1; font-weight:700; white-space:nowrap; text-align:right; }
.amount .sub { font-size:15px; }
.tag.bad { background:#fdeaea; color:var(--bad); }
.note.warm { background:var(--warm); color:#5a3b00; border-color:#e0b64a; }
.alarms.critical { background:var(--bad); color:#fff; border-color:#5c0f0f; }
.question { font-size:34px; line-height:1.3; font-weight:700; padding:28px 0; }
.k.main.other { background:var(--card); color:var(--ink); border-color:var(--ink); }
.options { font-size:20px; }
.options .q-radio { min-height:64px; padding-right:20px; }
.q-card { padding:28px; border-radius:20px; min-width:min(720px,90vw); gap:20px; }
.tag { font-size:16px; font-weight:700; background:#fdf0cd; color:#6b4300; border-radius:8px; padding:3px 10px;
  white-space:nowrap; }

.pad { display:grid; grid-template-columns:repeat(3,1fr); grid-auto-rows:minmax(80px,1fr); gap:14px; width:100%; }
.pad .k { font-size:32px; }
.show { display:flex; align-items:center; gap:16px; min-height:68px; border-radius:14px; background:var(--card);
  border:2px solid var(--line); padding:8px 24px; width:100%; }
.show .sub { font-size:20px; }
.show .value { margin-left:auto; font-size:40px; line-height:1.2; font-weight:700; letter-spacing:3px; }
.drawer { background:#e4f0f4; border:3px solid var(--main); border-radius:20px; padding:16px 28px; width:100%;
  display:flex; flex-direction:column; gap:10px; flex:1; justify-content:center; }
.drawer .where { font-size:48px; font-weight:800; color:var(--main); line-height:1.1; letter-spacing:-1px; }
.drawer .say { font-size:25px; line-height:1.3; font-weight:600; }

.field { width:100%; }
.field .q-field__control { height:84px; border-radius:14px; background:#fff; padding:0 24px; }
.field .q-field__control:before { border:2px solid var(--line); border-radius:14px; }
.field .q-field__native { font-size:26px; color:var(--ink); padding-top:26px; }
.field .q-field__label { color:var(--soft); font-size:20px; line-height:84px; top:0; }
.field .q-field--float .q-field__label, .field.q-field--float .q-field__label {
  transform:translateY(-10px) scale(.75); }
"""

# what a keyboard types and what a scanner types: a scanner is faster than any hand and ends with Enter
KEYS = """
(() => {
  let typed = '', timer = null;
  const inField = () => /^(INPUT|TEXTAREA)$/.test((document.activeElement || {}).tagName || '');
  const keys = () => {
    const rest = typed;
    typed = '';
    if (!inField()) for (const key of rest) emitEvent('kiosk_key', key);
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Enter') {
      clearTimeout(timer);
      if (typed.length >= 3) {
        event.preventDefault(); event.stopPropagation();
        const text = typed; typed = '';
        emitEvent('kiosk_scan', text);
      } else {
        keys();
        if (document.activeElement === document.body) emitEvent('kiosk_key', 'Enter');
      }
    } else if (event.key === 'Backspace' && !inField()) {
      emitEvent('kiosk_key', 'back');
    } else if (event.key.length === 1) {
      typed += event.key;
      clearTimeout(timer);
      timer = setTimeout(keys, 80);
    }
  }, true);
})();
"""
