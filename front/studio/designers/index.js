// The designers that are made by hand, by the kind of document: {kind: () => import("./kind.js")}.
export const DESIGNERS = {
  board: () => import("./board.js"),
  dashboard: () => import("./dashboard.js"),
  form: () => import("./layout.js"),
  pin: () => import("./pin.js"),
  process: () => import("./process.js"),
  report: () => import("./report.js"),
  role: () => import("./role.js"),
  rule: () => import("./rule.js"),
  template: () => import("./template.js"),
  view: () => import("./view.js"),
  webform: () => import("./webform.js"),
};
