"""The console's look: own colours (contrast AA on white and on the panels), plain tables, status as colour and word."""

CSS = """
body { background: #f1f4f6; color: #17212b; font-family: system-ui, "Segoe UI", Roboto, sans-serif; margin: 0 }
.nicegui-content { padding: 0; gap: 0 }
.apo-head { background: #12394a; color: #fff; padding: 16px 32px; width: 100%; display: flex; align-items: center;
  justify-content: space-between; gap: 24px }
.apo-head h1 { font-size: 23px; line-height: 30px; font-weight: 650; margin: 0; letter-spacing: .01em }
.apo-below { color: #d7e6ec; font-size: 14px }
.apo-head a { color: #fff; font-size: 15px; font-weight: 600; border: 1px solid #6f97a8; border-radius: 8px;
  padding: 8px 16px; text-decoration: none }
.apo-head a:hover { background: #1b4d63 }
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
