"""The kiosk's own look: calm colours with contrast of at least 4.5 to 1, large type, targets of at least 64 pixels."""

CSS = """
:root { --ink:#14242e; --soft:#47606e; --line:#c9d6dd; --page:#eef3f5; --card:#ffffff; --main:#0b5873; --good:#17613a;
  --bad:#9b1c1c; --warm:#fdf3d8; --nicegui-default-padding:0; }
body { background:var(--page); color:var(--ink); font-family:system-ui,"Segoe UI",Roboto,sans-serif; font-size:20px; }
#q-loading-bar { display:none; }
.nicegui-content { padding:0; gap:0; width:100%; }
.bar { display:flex; flex-wrap:wrap; gap:10px 28px; align-items:center; width:100%; background:var(--ink); color:#fff;
  padding:14px 28px; font-size:17px; }
.bar .name { font-size:22px; font-weight:700; margin-right:auto; }
.dot { display:inline-block; width:12px; height:12px; border-radius:50%; background:#ffb4a8; margin-right:8px; }
.dot.on { background:#7fe0a7; }
.alarms { width:100%; background:var(--warm); color:#5a3b00; padding:12px 28px;
  border-bottom:2px solid #e0b64a; font-weight:600; }
.sheet { width:100%; max-width:1180px; margin:0 auto; padding:26px 28px 40px; display:flex;
  flex-direction:column; gap:20px; }
h1 { font-size:36px; line-height:1.2; font-weight:700; margin:0; letter-spacing:-.4px; }
.lead { font-size:21px; color:var(--soft); margin:0; }
.note { border-radius:14px; padding:18px 22px; font-size:21px; font-weight:600; background:#e3f3ea; color:var(--good);
  border:2px solid #a9d4bb; width:100%; }
.note.bad { background:#fdeaea; color:var(--bad); border-color:#ecb4b4; }
.row { display:flex; flex-wrap:wrap; gap:14px; width:100%; align-items:stretch; }
.grid { display:grid; grid-template-columns:repeat(auto-fill,minmax(330px,1fr)); gap:14px; width:100%; }
.split { display:grid; grid-template-columns:minmax(320px,1fr) 380px; gap:32px; width:100%; align-items:start; }
@media (max-width:900px) { .split { grid-template-columns:1fr; } }
.k { min-height:64px; border-radius:14px; border:2px solid var(--line); background:var(--card); color:var(--ink);
  font-size:21px; font-weight:600; padding:12px 22px; box-shadow:0 1px 2px rgba(20,36,46,.08); text-transform:none; }
.k .q-btn__content { width:100%; }
.k.main { background:var(--main); border-color:var(--main); color:#fff; }
.k.bad { color:var(--bad); border-color:#ddb0b0; }
.k.here { outline:3px solid var(--main); }
.k:focus-visible { outline:4px solid #f0a500; outline-offset:2px; }
.tile .q-btn__content { justify-content:space-between; flex-wrap:nowrap; gap:16px; text-align:left; }
.tile { min-height:84px; }
.tile .sub { display:block; font-size:16px; font-weight:400; color:var(--soft); }
.tile .amount { font-size:26px; font-weight:700; white-space:nowrap; }
.tag { font-size:14px; font-weight:700; background:#dcecf2; color:#0b465c; border-radius:8px;
  padding:2px 8px; margin-left:8px; }
.pad { display:grid; grid-template-columns:repeat(3,1fr); gap:12px; width:100%; }
.pad .k { min-height:80px; font-size:30px; }
.show { min-height:76px; border-radius:14px; background:var(--card); border:2px solid var(--line);
  font-size:38px; font-weight:700;
  text-align:center; padding:8px; width:100%; letter-spacing:2px; }
.drawer { background:var(--card); border:3px solid var(--main); border-radius:20px; padding:28px;
  width:100%; display:flex;
  flex-direction:column; gap:8px; }
.drawer .where { font-size:56px; font-weight:800; color:var(--main); line-height:1.1; }
.drawer .say { font-size:26px; font-weight:600; }
.field { width:100%; font-size:24px; }
.field .q-field__control { height:72px; min-height:72px;
  border-radius:14px; background:#fff; }
.field .q-field__native { font-size:26px; color:var(--ink); }
.field .q-field__label { color:var(--soft); font-size:20px; }
.foot { color:var(--soft); font-size:16px; }
"""
