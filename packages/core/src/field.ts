/** The fields of the default target layout that do not come from `session_data`, in the order they are written. */
export const CORE_FIELDS = [
  "user_id",
  "username",
  "email",
  "ip_address",
  "user_agent",
  "session_created_at",
  "last_activity_at",
  "theme",
  "language",
  "notifications_enabled",
] as const;

/** Written only under `includeExpiresAt`: the expiry is the key's own. */
export const EXPIRES_AT_FIELD = "expires_at";

/** The one field that holds every attribute under `attributes: json`. */
export const ATTRIBUTES_FIELD = "session_specific_attributes";
