"""The console's look: own colours (contrast AA on white and on the panels), plain tables, status as colour and word."""

CSS = """
body { background: #f3f5f7; color: #17212b; font-family: system-ui, "Segoe UI", Roboto, sans-serif; margin: 0 }
.nicegui-content { padding: 0; gap: 0 }
.apo-head { background: #12394a; color: #fff; padding: 14px 28px; width: 100% }
.apo-head h1 { font-size: 22px; line-height: 28px; font-weight: 650; margin: 0; letter-spacing: .01em }
.apo-head p, .apo-head a { color: #d7e6ec; margin: 2px 0 0; font-size: 13px }
.apo-main { padding: 20px 28px; width: 100%; max-width: 1500px }
.apo-main h2 { font-size: 16px; line-height: 22px; font-weight: 650; margin: 18px 0 8px; color: #12394a }
.apo-scroll { overflow-x: auto; background: #fff; border: 1px solid #d3dae0; border-radius: 8px }
.apo-table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums }
.apo-table caption { display: none }
.apo-table th { text-align: left; font-weight: 600; color: #46535f; background: #f8fafb;
  border-bottom: 1px solid #d3dae0; padding: 8px 12px; white-space: nowrap }
.apo-table td { padding: 7px 12px; border-bottom: 1px solid #eaeef1; vertical-align: top }
.apo-table tr:last-child td { border-bottom: 0 }
.apo-table .num, .apo-table th.num { text-align: right }
.apo-table a { color: #0b5a78; font-weight: 600; text-decoration: underline }
.apo-empty { padding: 12px; color: #46535f; font-size: 14px }
.apo-tag { display: inline-block; border-radius: 99px; padding: 1px 10px; font-weight: 600; font-size: 13px;
  white-space: nowrap; border: 1px solid transparent }
.apo-good { background: #dff3e4; color: #14532d; border-color: #a9d9b7 }
.apo-warn { background: #fdf0cd; color: #6b4300; border-color: #e8cf8b }
.apo-bad { background: #fde2e1; color: #8a1212; border-color: #efb1ae }
.apo-calm { background: #e6ebef; color: #34424e; border-color: #c9d3da }
.apo-note { color: #46535f; font-size: 13px }
"""

TAGS = {
    "in sync": "apo-good",
    "late": "apo-warn",
    "silent": "apo-bad",
    "stopped": "apo-bad",
    "waiting": "apo-calm",
}
