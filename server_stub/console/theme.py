"""The console's look: own colours (contrast AA on white and on the panels), plain tables, status as colour and word."""

CSS = """
body { background: #f1f4f6; color: #17212b; font-family: system-ui, "Segoe UI", Roboto, sans-serif; margin: 0 }
.nicegui-content { padding: 0; gap: 0 }
.apo-head { background: #12394a; color: #fff; padding: 0; width: 100% }
.apo-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; padding: 10px 32px; background: #0d2c3a }
.apo-brand { font-weight: 700; font-size: 17px; letter-spacing: .04em; margin: 0 }
.apo-bar nav { display: flex; flex-wrap: wrap; gap: 2px; flex: 1 }
.apo-bar nav a, .apo-quiet { color: #e3eef2; text-decoration: none; font-size: 15px; padding: 6px 9px;
  border-radius: 8px }
.apo-bar nav a:hover, .apo-quiet:hover { background: #1b4d63; color: #fff }
.apo-bar nav a[aria-current] { background: #e3eef2; color: #0d2c3a; font-weight: 600 }
.apo-who { color: #d7e6ec; font-size: 14px }
.apo-title { padding: 16px 32px; display: flex; align-items: baseline; flex-wrap: wrap; gap: 4px 16px }
.apo-title h1 { font-size: 23px; line-height: 30px; font-weight: 650; margin: 0; letter-spacing: .01em }
.apo-below { color: #d7e6ec; font-size: 14px }
.apo-bar a:focus-visible, .apo-bar button:focus-visible { outline: 3px solid #ffd166; outline-offset: 1px }
.apo-main a:focus-visible, .apo-main button:focus-visible, .apo-main input:focus-visible,
.apo-main select:focus-visible, .apo-main textarea:focus-visible, .apo-scroll:focus-visible,
.apo-plain :focus-visible { outline: 3px solid #0b5a78; outline-offset: 1px }
.apo-points { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 14px; width: 100% }
.apo-point { background: #fff; border: 1px solid #d3dae0; border-left: 6px solid #c98a00; border-radius: 10px;
  padding: 14px 18px; color: #34424e; text-decoration: none; display: flex; gap: 14px; align-items: center;
  font-size: 15px; line-height: 20px }
.apo-point strong { font-size: 30px; line-height: 36px; color: #6b4300; font-variant-numeric: tabular-nums }
.apo-point span { text-decoration: underline; text-underline-offset: 3px }
.apo-point.urgent { border-left-color: #b3261e }
.apo-point.urgent strong { color: #8a1212 }
.apo-point:hover { border-color: #8aa0ad }
.apo-well { background: #e3f4e8; border: 1px solid #b5dec1; color: #14532d; border-radius: 10px; padding: 18px;
  font-size: 17px; font-weight: 600; margin: 0; grid-column: 1 / -1 }
.apo-static { width: 100% }
.apo-static > .apo-table, .apo-card { background: #fff; border: 1px solid #d3dae0; border-radius: 10px }
.apo-card { padding: 16px 20px }
.apo-form { display: flex; flex-direction: column; gap: 14px; align-items: flex-start }
.apo-form.wide { flex-direction: row; flex-wrap: wrap; align-items: flex-end; background: #fff;
  border: 1px solid #d3dae0; border-radius: 10px; padding: 14px 18px }
.apo-form label, .apo-inline label { display: flex; flex-direction: column; gap: 4px; font-size: 14px;
  font-weight: 600; color: #34424e }
.apo-form input, .apo-form select, .apo-form textarea, .apo-inline select, .apo-inline input {
  font: inherit; font-weight: 400; color: #17212b; background: #fff; border: 1px solid #78899a; border-radius: 8px;
  padding: 8px 10px; min-height: 40px; min-width: 190px }
.apo-form textarea { min-width: min(640px, 80vw); min-height: 90px }
.apo-inline { display: inline-flex; gap: 8px; align-items: flex-end; margin: 0 }
.apo-inline label { font-size: 0; line-height: 0; gap: 0 }
.apo-inline select { min-height: 34px; min-width: 120px; padding: 4px 8px; font-size: 14px }
.apo-inline button { font: inherit; font-size: 14px; color: #0b4a63; background: #fff; border: 1px solid #78899a;
  border-radius: 8px; padding: 5px 12px; min-height: 34px; cursor: pointer; white-space: nowrap }
.apo-inline button:hover { background: #eaf2f5 }
.apo-row { display: flex; gap: 10px; flex-wrap: wrap }
.apo-button { font: inherit; font-weight: 600; color: #fff; background: #0b5a78; border: 1px solid #0b5a78;
  border-radius: 8px; padding: 8px 20px; min-height: 40px; cursor: pointer }
.apo-button:hover { background: #08475f }
.apo-notice { background: #e3f4e8; border: 1px solid #b5dec1; color: #14532d; border-radius: 10px;
  padding: 12px 18px; margin: 0; font-size: 15px; font-weight: 600 }
.apo-notice.bad { background: #fde2e1; border-color: #efb1ae; color: #8a1212 }
.apo-plain { display: flex; justify-content: center; font-size: 15px; line-height: 22px }
.apo-plain main { background: #fff; border: 1px solid #d3dae0; border-radius: 14px; padding: 28px 36px 32px;
  margin: 8vh 16px 40px; display: flex; flex-direction: column; gap: 16px; height: fit-content }
.apo-plain .apo-narrow { width: 420px }
.apo-plain .apo-wide { width: 1080px; margin-top: 32px }
.apo-plain h1 { font-size: 24px; line-height: 30px; margin: 0; color: #12394a }
.apo-plain h2 { font-size: 16px; margin: 12px 0 6px }
.apo-plain p { margin: 0 }
.apo-plain .apo-brand { color: #0b5a78 }
.apo-plain a { color: #0b5a78; font-weight: 600 }
.apo-plain .apo-form label, .apo-plain .apo-form input { width: 100%; box-sizing: border-box }
.apo-plain .apo-button { width: 100% }
.apo-plain .apo-inline { display: flex }
.apo-facts { display: grid; grid-template-columns: max-content 1fr; gap: 6px 24px; font-size: 15px; margin: 0 }
.apo-facts dt { color: #46535f } .apo-facts dd { margin: 0 }
.apo-tabs { display: flex; flex-wrap: wrap; gap: 8px }
.apo-tabs a { background: #fff; border: 1px solid #b9c6ce; border-radius: 99px; padding: 6px 16px; color: #0b4a63;
  text-decoration: none; font-size: 14px; font-weight: 600 }
.apo-tabs a:hover { background: #eaf2f5 }
.apo-tabs a[aria-current] { background: #12394a; border-color: #12394a; color: #fff }
.apo-tiles.small { grid-template-columns: repeat(auto-fit, minmax(145px, 1fr)); gap: 12px }
.apo-tile.small { padding: 10px 14px; font-size: 14px }
.apo-tile.small strong { font-size: 22px; line-height: 28px }
.apo-key { color: #46535f; font-size: 14px; margin: 8px 0 0; display: flex; flex-wrap: wrap;
  align-items: center; gap: 8px }
.apo-key span { display: inline-block; width: 20px; height: 12px; border-radius: 3px; margin-left: 12px }
.apo-key .use { background: #2f7f9e; margin-left: 0 } .apo-key .band { background: #f3d9a4 }
.apo-key .mean { background: #8a5a00; height: 3px } .apo-key .par { border-top: 2px dashed #8a1212; height: 0 }
.apo-chart { width: 100%; height: auto; display: block; background: #fff; border-radius: 10px }
.apo-main { padding: 24px 32px 40px; width: 100%; max-width: 1680px; margin: 0 auto; display: flex;
  flex-direction: column; gap: 24px }
.apo-section { width: 100%; min-width: 0 }
.apo-section h2 { font-size: 17px; line-height: 22px; font-weight: 650; margin: 0 0 10px; color: #12394a }
.apo-columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 24px;
  width: 100%; align-items: start }
@media (max-width: 1300px) { .apo-columns { grid-template-columns: minmax(0, 1fr) } }
.apo-tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 16px; width: 100% }
.apo-tile { background: #fff; border: 1px solid #d3dae0; border-left: 5px solid #8aa0ad; border-radius: 10px;
  padding: 14px 18px; color: #46535f; font-size: 15px; line-height: 20px }
.apo-tile strong { display: block; font-size: 30px; line-height: 36px; font-weight: 700; color: #17212b;
  font-variant-numeric: tabular-nums }
.apo-tile.good { border-left-color: #2e8b57 }
.apo-tile.bad { border-left-color: #b3261e }
.apo-tile.bad strong { color: #8a1212 }
.apo-scroll { overflow-x: auto; background: #fff; border: 1px solid #d3dae0; border-radius: 10px }
.apo-table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 20px;
  font-variant-numeric: tabular-nums }
.apo-table caption { display: none }
.apo-table th { text-align: left; font-weight: 600; font-size: 13px; color: #46535f; background: #f8fafb;
  border-bottom: 1px solid #d3dae0; padding: 9px 12px; white-space: nowrap }
.apo-table td { padding: 9px 12px; border-bottom: 1px solid #eaeef1; vertical-align: middle;
  white-space: nowrap }
.apo-table td.text { white-space: normal; min-width: 150px }
.apo-table tr:last-child td { border-bottom: 0 }
.apo-table tbody tr:hover { background: #f5f9fb }
.apo-table .num, .apo-table th.num { text-align: right }
.apo-table a { color: #0b5a78; font-weight: 600; text-decoration: underline }
.apo-empty { padding: 14px; color: #46535f; font-size: 14px }
.apo-tag { display: inline-block; border-radius: 99px; padding: 1px 11px; font-weight: 600; font-size: 13px;
  white-space: nowrap; border: 1px solid transparent }
.apo-good { background: #e3f4e8; color: #14532d; border-color: #b5dec1 }
.apo-warn { background: #fdf0cd; color: #6b4300; border-color: #e8cf8b }
.apo-bad { background: #fde2e1; color: #8a1212; border-color: #efb1ae }
.apo-calm { background: #e6ebef; color: #34424e; border-color: #c9d3da }
.apo-note { color: #56636e; font-size: 13px }
"""

TAGS = {
    "in sync": "apo-good",
    "late": "apo-warn",
    "silent": "apo-bad",
    "stopped": "apo-bad",
    "waiting": "apo-calm",
}
