export * from "./config-file.js";
export * from "./connection-url.js";
export * from "./open-config.js";
export * from "./setting.js";
export * from "./settings.js";
export * from "./user.js";
