// The designers that are made by hand, by the kind of document: {kind: () => import("./kind.js")}.
export const DESIGNERS = {
  role: () => import("./role.js"),
  rule: () => import("./rule.js"),
  template: () => import("./template.js"),
  webform: () => import("./webform.js"),
};
