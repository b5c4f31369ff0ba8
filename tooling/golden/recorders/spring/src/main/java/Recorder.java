import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lettuce.core.LettuceVersion;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSetMetaData;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.RedisOperations;
import org.springframework.data.redis.core.RedisTemplate;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.session.FindByIndexNameSessionRepository;
import org.springframework.session.Session;
import org.springframework.session.SessionRepository;
import org.springframework.session.data.redis.RedisSessionRepository;
import org.springframework.session.jdbc.JdbcIndexedSessionRepository;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Records sessions as Spring Session keeps them in PostgreSQL and in Redis. SOURCE_URL names an
 * empty PostgreSQL database, TARGET_URL an empty Redis. The argument is the file to write.
 */
public class Recorder {

	private static final String KEY_PREFIX = "spring:session:sessions:";
	private static final Duration SIXTY_YEARS = Duration.ofDays(60 * 365);
	private static final Duration NEVER = Duration.ofSeconds(-1);

	// java.lang.Long and java.lang.Integer as ObjectOutputStream writes them, up to the value.
	private static final String SERIALIZED_LONG = "aced00057372000e6a6176612e6c616e672e4c6f6e67"
			+ "3b8be490cc8f23df0200014a000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b0200007870";
	private static final String SERIALIZED_INTEGER = "aced0005737200116a6176612e6c616e672e496e7465676572"
			+ "12e2a0a4f781873802000149000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b0200007870";

	private record Sample(String about, String id, Duration maxInactiveInterval, Map<String, Object> attributes) {
	}

	private static List<Sample> samples() {
		byte[] notUtf8 = { 0x00, (byte) 0xff, (byte) 0xfe, (byte) 0xc3, 0x28, 0x0d, 0x0a, (byte) 0x80 };
		return List.of(
				new Sample("strings", uuid(), SIXTY_YEARS, Map.of("theme", "dark", "empty", "", "name", "Jürgen Groß",
						"mood", "😀👩‍👩‍👧", "city", "東京", "nul", "a\u0000b")),
				new Sample("other classes of the JDK", uuid(), SIXTY_YEARS,
						Map.of("count", 42, "big", 9007199254740993L, "admin", true, "ratio", 0.1,
								"born", LocalDate.of(1815, 12, 10), "items", new ArrayList<>(List.of("tea", 3, "süß")),
								"cart", new HashMap<>(Map.of("tea", 2, "größe", "½ m")), "raw", notUtf8)),
				new Sample("a principal name and an attribute name beyond ASCII", uuid(), SIXTY_YEARS,
						Map.of(FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME, "zoë@example.com",
								"größe 📏", "XL")),
				new Sample("no attributes", uuid(), SIXTY_YEARS, Map.of()),
				new Sample("an id of 32 characters from a custom SessionIdGenerator: CHAR(36) pads it", uuid().replace("-", ""),
						SIXTY_YEARS, Map.of("user", "grace")),
				new Sample("never expires", uuid(), NEVER, Map.of("user", "linus")));
	}

	private final JdbcTemplate sql;
	private final RedisCommands<byte[], byte[]> redis;
	private final JdbcIndexedSessionRepository source;
	private final RedisSessionRepository target;

	private Recorder(PGSimpleDataSource dataSource, RedisClient redisClient, LettuceConnectionFactory redisConnections) {
		this.sql = new JdbcTemplate(dataSource);
		this.redis = redisClient.connect(ByteArrayCodec.INSTANCE).sync();
		this.source = new JdbcIndexedSessionRepository(this.sql,
				new TransactionTemplate(new DataSourceTransactionManager(dataSource)));
		this.target = new RedisSessionRepository(operations(redisConnections));
	}

	public static void main(String[] args) throws Exception {
		String targetUrl = System.getenv("TARGET_URL");
		RedisClient redisClient = RedisClient.create(targetUrl);
		LettuceConnectionFactory redisConnections = new LettuceConnectionFactory(
				LettuceConnectionFactory.createRedisConfiguration(targetUrl));
		redisConnections.start();
		Map<String, Object> golden = new Recorder(dataSource(), redisClient, redisConnections).golden();
		Files.writeString(Path.of(args[0]), json(golden) + "\n");
		redisConnections.destroy();
		redisClient.shutdown();
	}

	private Map<String, Object> golden() throws Exception {
		List<String> schema = schema();
		schema.forEach(this.sql::execute);
		List<Object> rows = new ArrayList<>();
		List<Object> keys = new ArrayList<>();
		List<Object> rejected = new ArrayList<>();
		for (Sample sample : samples()) {
			Session session = write(sample);
			Map<String, Object> row = rows("spring_session", "session_id", sample.id).get(0);
			List<Map<String, Object>> attributes = rows("spring_session_attributes", "session_primary_id", row.get("primary_id"));
			rows.add(fields("table", "spring_session", "row", row, "about", sample.about));
			attributes.forEach((attribute) -> rows.add(fields("table", "spring_session_attributes", "row", attribute)));

			Map<String, Object> written = dump(sample.id);
			carryOver(row, attributes);
			Map<String, Object> carried = dump(sample.id);
			require(same(session, this.target.findById(sample.id)), sample.about + ": read by RedisSessionRepository");
			if (sample.maxInactiveInterval == NEVER) {
				require(written == null, sample.about + ": not kept by RedisSessionRepository");
				rejected.add(fields("id", sample.id, "why", "Never expires (MAX_INACTIVE_INTERVAL -1, EXPIRY_TIME "
						+ "9223372036854775807). RedisSessionRepository reads a hash without expiry, but its next save "
						+ "sets one in the past: last access - 1 s."));
				touch(sample.id, this.target);
				require(dump(sample.id) == null, sample.about + ": lost at its next save");
			}
			else {
				require(carried.equals(written), sample.about + ": the key made from the rows is the one that was written");
				keys.add(written);
			}
		}
		return fields("about", LocalDate.now(ZoneOffset.UTC) + ": each session was saved by JdbcIndexedSessionRepository and, "
				+ "with the same id, times and attributes, by RedisSessionRepository. A hash made from the rows alone (prefix "
				+ "+ SESSION_ID without padding, ATTRIBUTE_BYTES verbatim, serialized numbers, PEXPIREAT EXPIRY_TIME) was equal "
				+ "to the one that RedisSessionRepository wrote, and its findById read equal times and attributes from it. "
				+ "In rows, anything but bytes is in PostgreSQL's text form. Throwaway ids.",
				"versions", versions(), "preset", "spring-session", "options", Map.of(),
				"serverTimeZone", serverTimeZone(),
				"schema", schema, "rows", rows, "keys", keys, "expired", List.of(), "rejected", rejected);
	}

	/** Saves the sample to both stores. */
	private Session write(Sample sample) throws InterruptedException {
		this.source.setSessionIdGenerator(() -> sample.id);
		this.target.setSessionIdGenerator(() -> sample.id);
		return createBoth(this.source, this.target, sample);
	}

	private static <S extends Session, T extends Session> Session createBoth(SessionRepository<S> source,
			SessionRepository<T> target, Sample sample) throws InterruptedException {
		S inSource;
		T inTarget;
		do { // the creation time has no setter: repeat until one millisecond serves both
			inSource = source.createSession();
			inTarget = target.createSession();
		}
		while (inSource.getCreationTime().toEpochMilli() != inTarget.getCreationTime().toEpochMilli());
		Thread.sleep(25); // so that the two times differ
		Instant accessed = Instant.now();
		for (Session session : List.of(inSource, inTarget)) {
			session.setLastAccessedTime(accessed);
			session.setMaxInactiveInterval(sample.maxInactiveInterval);
			sample.attributes.forEach(session::setAttribute);
		}
		source.save(inSource);
		target.save(inTarget);
		return inSource;
	}

	private static <S extends Session> void touch(String id, SessionRepository<S> repository) {
		S session = repository.findById(id);
		session.setLastAccessedTime(Instant.now());
		repository.save(session);
	}

	/** Replaces the session's hash by one made from its rows, without the library. */
	private void carryOver(Map<String, Object> row, List<Map<String, Object>> attributes) {
		byte[] key = utf8(KEY_PREFIX + row.get("session_id"));
		this.redis.del(key);
		this.redis.hset(key, utf8("creationTime"), serializedLong(row.get("creation_time")));
		this.redis.hset(key, utf8("lastAccessedTime"), serializedLong(row.get("last_access_time")));
		this.redis.hset(key, utf8("maxInactiveInterval"), serializedInteger(row.get("max_inactive_interval")));
		for (Map<String, Object> attribute : attributes) {
			this.redis.hset(key, utf8("sessionAttr:" + attribute.get("attribute_name")), bytes(attribute.get("attribute_bytes")));
		}
		long expiry = Long.parseLong((String) row.get("expiry_time"));
		if (expiry != Long.MAX_VALUE) {
			this.redis.pexpireat(key, expiry);
		}
	}

	private Map<String, Object> dump(String id) {
		byte[] key = utf8(KEY_PREFIX + id);
		Map<String, Object> hash = new TreeMap<>();
		this.redis.hgetall(key).forEach((field, value) -> hash.put(new String(field, StandardCharsets.UTF_8), hex(value)));
		if (hash.isEmpty()) {
			return null;
		}
		return fields("key", KEY_PREFIX + id, "type", this.redis.type(key), "fields", hash, "expiresAt", this.redis.pexpiretime(key));
	}

	private List<Map<String, Object>> rows(String table, String column, Object id) {
		return this.sql.query("SELECT * FROM " + table + " WHERE " + column + " = ? ORDER BY 1, 2", (rs, index) -> {
			Map<String, Object> row = new LinkedHashMap<>();
			ResultSetMetaData columns = rs.getMetaData();
			for (int i = 1; i <= columns.getColumnCount(); i++) {
				row.put(columns.getColumnName(i), switch (columns.getColumnTypeName(i)) {
					case "bytea" -> hex(rs.getBytes(i));
					case "bpchar" -> rs.getString(i).stripTrailing(); // as a cast to text does
					default -> rs.getString(i);
				});
			}
			return row;
		}, id);
	}

	private static boolean same(Session written, Session read) {
		return read != null && read.getCreationTime().toEpochMilli() == written.getCreationTime().toEpochMilli()
				&& read.getLastAccessedTime().toEpochMilli() == written.getLastAccessedTime().toEpochMilli()
				&& read.getMaxInactiveInterval().equals(written.getMaxInactiveInterval())
				&& read.getAttributeNames().equals(written.getAttributeNames())
				&& read.getAttributeNames()
					.stream()
					.allMatch((name) -> Objects.deepEquals(read.getAttribute(name), written.getAttribute(name)));
	}

	/** Configured as by RedisHttpSessionConfiguration. */
	private static RedisOperations<String, Object> operations(LettuceConnectionFactory connections) {
		RedisTemplate<String, Object> template = new RedisTemplate<>();
		template.setKeySerializer(RedisSerializer.string());
		template.setHashKeySerializer(RedisSerializer.string());
		template.setConnectionFactory(connections);
		template.afterPropertiesSet();
		return template;
	}

	private static PGSimpleDataSource dataSource() {
		URI url = URI.create(System.getenv("SOURCE_URL"));
		String[] login = Objects.requireNonNullElse(url.getUserInfo(), "postgres").split(":", 2);
		PGSimpleDataSource dataSource = new PGSimpleDataSource();
		dataSource.setServerNames(new String[] { url.getHost() });
		dataSource.setPortNumbers(new int[] { url.getPort() < 0 ? 5432 : url.getPort() });
		dataSource.setDatabaseName(url.getPath().substring(1));
		dataSource.setUser(login[0]);
		dataSource.setPassword(login.length > 1 ? login[1] : null);
		return dataSource;
	}

	/** The statements of the jar's own script. */
	private static List<String> schema() throws Exception {
		String script = new ClassPathResource("org/springframework/session/jdbc/schema-postgresql.sql")
			.getContentAsString(StandardCharsets.UTF_8);
		return Arrays.stream(script.split("(?<=;)")).map(String::strip).filter((statement) -> !statement.isEmpty()).toList();
	}

	private Map<String, String> versions() {
		Map<String, String> versions = new TreeMap<>();
		versions.put("spring-boot-dependencies", System.getProperty("springBootVersion"));
		versions.put("spring-session-jdbc", JdbcIndexedSessionRepository.class.getPackage().getImplementationVersion());
		versions.put("spring-session-data-redis", RedisSessionRepository.class.getPackage().getImplementationVersion());
		versions.put("spring-data-redis", RedisTemplate.class.getPackage().getImplementationVersion());
		versions.put("lettuce-core", LettuceVersion.getVersion().split("/")[0]);
		versions.put("postgresql (JDBC driver)", org.postgresql.util.DriverInfo.DRIVER_VERSION);
		versions.put("java", System.getProperty("java.version"));
		versions.put("postgresql", this.sql.queryForObject("SHOW server_version", String.class).split(" ")[0]);
		versions.put("redis", this.redis.info("server").split("redis_version:")[1].split("\\s")[0]);
		return versions;
	}

	/** From the configuration file: the JDBC driver sets its own session to the zone of the JVM. */
	private String serverTimeZone() {
		return this.sql.queryForObject("SELECT setting FROM pg_file_settings WHERE lower(name) = 'timezone' AND applied",
				String.class);
	}

	private static Map<String, Object> fields(Object... namesAndValues) {
		Map<String, Object> map = new LinkedHashMap<>();
		for (int i = 0; i < namesAndValues.length; i += 2) {
			map.put((String) namesAndValues[i], namesAndValues[i + 1]);
		}
		return map;
	}

	private static String json(Object value) throws Exception {
		DefaultIndenter lines = new DefaultIndenter("  ", "\n");
		DefaultPrettyPrinter printer = new DefaultPrettyPrinter(
				Separators.createDefaultInstance().withObjectFieldValueSpacing(Separators.Spacing.AFTER)
					.withObjectEmptySeparator("")
					.withArrayEmptySeparator(""));
		printer.indentArraysWith(lines);
		printer.indentObjectsWith(lines);
		return new ObjectMapper().writer(printer).writeValueAsString(value);
	}

	private static byte[] serializedLong(Object text) {
		byte[] prefix = HexFormat.of().parseHex(SERIALIZED_LONG);
		return ByteBuffer.allocate(prefix.length + 8).put(prefix).putLong(Long.parseLong((String) text)).array();
	}

	private static byte[] serializedInteger(Object text) {
		byte[] prefix = HexFormat.of().parseHex(SERIALIZED_INTEGER);
		return ByteBuffer.allocate(prefix.length + 4).put(prefix).putInt(Integer.parseInt((String) text)).array();
	}

	private static Map<String, String> hex(byte[] bytes) {
		return Map.of("hex", HexFormat.of().formatHex(bytes));
	}

	private static byte[] bytes(Object hex) {
		return HexFormat.of().parseHex((String) ((Map<?, ?>) hex).get("hex"));
	}

	private static byte[] utf8(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static String uuid() {
		return UUID.randomUUID().toString();
	}

	private static void require(boolean condition, String what) {
		if (!condition) {
			throw new IllegalStateException("Not so: " + what);
		}
		System.err.println(what);
	}

}
