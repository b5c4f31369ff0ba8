export { type Machine, plainEnvironment, thisMachine } from "./machine.js";
export { findOtherServers, type OtherServer } from "./other-redis.js";
export { type PostgresOptions, type PostgresServer, startPostgres } from "./postgres.js";
export { findClientTool } from "./client-tools.js";
export { createDatabase, type DatabaseOptions } from "./postgres-database.js";
export { type RedisOptions, type RedisServer, startRedis } from "./redis.js";
export { ServiceUnavailable } from "./service-unavailable.js";
export { type SupervisedProcess, supervise } from "./supervised-process.js";
export { type Services, withServices } from "./with-services.js";
