/** In the page itself: it is one file, and loads nothing. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --faint: #667085; --line: #d8dde5; --ground: #ffffff; --card: #f5f7fa; --blue: #2f6fde; --green: #1f8a4c; --red: #c8372d; --amber: #a96a00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --faint: #98a2b3; --line: #333b48; --ground: #14181f; --card: #1d232d; --blue: #6b9df5; --green: #4cc282; --red: #f0746b; --amber: #e0a84a } }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem 4rem; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem }
.when { color: var(--faint); margin: .25rem 0 1.5rem }
.pill { border-radius: 1rem; color: var(--ground); font-size: .85rem; padding: .1rem .7rem; vertical-align: .2rem }
.cards { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)) }
.card { background: var(--card); border-radius: .5rem; padding: .6rem .9rem } .card b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums } .card span { color: var(--faint) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% } th { color: var(--faint); font-weight: 500; text-align: left }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; vertical-align: top } .n { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap }
svg { display: block; width: 100% } svg text { fill: var(--faint); font-size: 12px } .area { fill: var(--blue); opacity: .75 } .axis { fill: none; stroke: var(--line) }
.bars { align-items: center; display: grid; gap: .3rem .75rem; grid-template-columns: minmax(6rem, max-content) 1fr max-content } .name { overflow-wrap: anywhere } .bar { display: block; height: .9rem; min-width: 2px; border-radius: 2px } .value { color: var(--faint); font-variant-numeric: tabular-nums; text-align: right }
.good { color: var(--green) } .bad { color: var(--red) } .odd { color: var(--amber) } .pill.good, .bar.good { background: var(--green) } .pill.bad, .bar.bad { background: var(--red) } .pill.odd, .bar.odd { background: var(--amber) }
.pill.good, .pill.bad, .pill.odd { color: var(--ground) } ul { padding-left: 1.2rem } li { overflow-wrap: anywhere } footer { color: var(--faint); margin-top: 3rem }
`
