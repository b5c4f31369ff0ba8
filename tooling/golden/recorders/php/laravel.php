<?php

declare(strict_types=1);

// Sessions written by Laravel's database session driver, and how its redis driver must find them.

foreach (['Auth', 'Cache', 'Config', 'Container', 'Database', 'Encryption', 'Hashing', 'Http', 'Redis', 'Session'] as $component) {
    require "Illuminate/$component/autoload.php";
}
require __DIR__.'/golden.php';

use Illuminate\Auth\EloquentUserProvider;
use Illuminate\Auth\GenericUser;
use Illuminate\Auth\SessionGuard;
use Illuminate\Cache\CacheManager;
use Illuminate\Config\Repository;
use Illuminate\Container\Container;
use Illuminate\Contracts\Auth\Guard;
use Illuminate\Database\Connectors\ConnectionFactory;
use Illuminate\Database\DatabaseManager;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Encryption\Encrypter;
use Illuminate\Hashing\BcryptHasher;
use Illuminate\Http\Request;
use Illuminate\Redis\RedisManager;
use Illuminate\Session\SessionManager;
use Illuminate\Session\Store;

const LIFETIME = 946_080_000; // Seconds: thirty years.
const REDIS_PREFIX = 'laravel_database_'; // database.redis.options.prefix of an application named Laravel
const CACHE_PREFIX = 'laravel_cache'; // cache.prefix; the cache adds a colon

/** Serializes to property names with NUL bytes: "\0Basket\0lines", "\0*\0voucher". */
final class Basket
{
    private array $lines = ['p-17' => 2, 'p-4711' => 1];
    protected ?string $voucher = 'VIELEN-DANK-£5';
    public string $currency = 'EUR';
}

$pdo = source();
$redis = target();

// The parts of an application that its session drivers need, configured as in its skeleton.
$app = new Container();
Container::setInstance($app);
$app->instance('config', new Repository([
    'database' => [
        'default' => 'pgsql',
        'connections' => ['pgsql' => ['driver' => 'pgsql', 'url' => getenv('SOURCE_URL'), 'charset' => 'utf8', 'prefix' => '', 'schema' => 'public']],
        'redis' => [
            'options' => ['prefix' => REDIS_PREFIX],
            'default' => ['url' => getenv('TARGET_URL'), 'database' => 0],
            'cache' => ['url' => getenv('TARGET_URL'), 'database' => 1],
        ],
    ],
    'cache' => ['stores' => ['redis' => ['driver' => 'redis', 'connection' => 'cache']], 'prefix' => CACHE_PREFIX],
    'session' => ['driver' => 'database', 'lifetime' => LIFETIME / 60, 'table' => 'sessions', 'cookie' => 'laravel_session', 'encrypt' => false],
]));
$app->singleton('db', fn () => new DatabaseManager($app, new ConnectionFactory($app)));
$app->singleton('redis', fn () => new RedisManager($app, 'phpredis', $app['config']['database.redis']));
$app->singleton('cache', fn () => new CacheManager($app));
$app->singleton('encrypter', fn () => new Encrypter(random_bytes(32), 'AES-256-CBC'));

// The migration of `artisan session:table`.
$db = $app['db']->connection();
$db->enableQueryLog();
$db->getSchemaBuilder()->create('sessions', function (Blueprint $table) {
    $table->string('id')->primary();
    $table->foreignId('user_id')->nullable()->index();
    $table->string('ip_address', 45)->nullable();
    $table->text('user_agent')->nullable();
    $table->text('payload');
    $table->integer('last_activity')->index();
});
$schema = array_column($db->getQueryLog(), 'query');
$db->disableQueryLog();

/** A request's session. Each request has its own manager, as the handlers remember whether a row exists. */
function open(string $driver, bool $encrypt, ?string $id = null): Store
{
    $app = Container::getInstance();
    $app['config']->set('session.encrypt', $encrypt);
    $session = (new SessionManager($app))->driver($driver);
    $session->setId($id);
    $session->start();

    return $session;
}

function save(array $attributes, ?array $flash = null, ?Request $request = null, ?int $userId = null, bool $encrypt = false): array
{
    $app = Container::getInstance();
    $app->forgetInstance('request'); // Without a request, as in a console command, the row has neither address nor agent.
    $request && $app->instance('request', $request);
    $session = open('database', $encrypt);
    $guard = new SessionGuard('web', new EloquentUserProvider(new BcryptHasher(), GenericUser::class), $session);
    $app->instance(Guard::class, $guard);
    if ($userId !== null) {
        $guard->login(new GenericUser(['id' => $userId, 'remember_token' => null]));
    }
    $session->put($attributes);
    foreach ($flash ?? [] as $key => $value) {
        $session->flash($key, $value);
    }
    $session->save();

    return ['id' => $session->getId(), 'attributes' => $session->all(), 'encrypt' => $encrypt];
}

$browser = fn (string $address, string $agent) => Request::create('/', server: ['REMOTE_ADDR' => $address, 'HTTP_USER_AGENT' => $agent]);
$firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
$sessions = array_column([
    save([]),
    save(['url' => ['intended' => '/orders?page=2']], ['status' => 'Saved.', 'errors' => ['e-mail' => ['Ungültig']]], $browser('203.0.113.7', $firefox)),
    save(['auth.password_confirmed_at' => 1795000000], null, $browser('2001:db8::16', $firefox), 42),
    save(['locale' => 'pl'], null, $browser('198.51.100.23', 'Agent "Łódź" \\ 🤖'), 2 ** 53 - 1),
    save(['name' => 'Łukasz Żółć', 'city' => '東京', 'note' => '👩‍👩‍👧 crème brûlée', 'quoted' => '";s:1:"x";}']),
    save(['latin1' => "caf\xe9", 'digest' => "\x00\xff\xfe\x80\r\n\x1a", 'overlong' => "\xc0\x80"]),
    save(['basket' => new Basket(), 'tree' => ['a' => ['b' => [true, false, null, -1, PHP_INT_MAX, 0.1, 1e300]], 7 => 'seven']]),
    save(['secret' => 'Geheimnis 🤫'], null, $browser('203.0.113.9', $firefox), 7, true),
    save(['page' => str_repeat('0123456789abcdef', 128)]),
], null, 'id');

$expiredId = str_repeat('Expired0', 5);
$db->insert('INSERT INTO sessions SELECT ?, user_id, ip_address, user_agent, payload, ? FROM sessions WHERE id = ?', [
    $expiredId, strtotime('1990-01-01 UTC'), array_key_first($sessions),
]);

$rows = $keys = [];
foreach ($pdo->query('SELECT * FROM sessions ORDER BY id', PDO::FETCH_ASSOC) as $row) {
    ['id' => $id, 'payload' => $payload, 'last_activity' => $lastActivity] = $row;
    $rows[] = ['table' => 'sessions', 'row' => $row];

    $read = open('database', false, $id)->getHandler()->read($id);
    check($read === ($id === $expiredId ? '' : base64_decode($payload)), "the SQL store takes $id as listed");
    if ($id === $expiredId) {
        continue;
    }
    $text = base64_decode($payload);
    $keys[] = [
        'key' => REDIS_PREFIX.CACHE_PREFIX.":$id",
        'type' => 'string',
        'value' => hex(sprintf('s:%d:"%s";', strlen($text), $text)),
        'expiresAt' => ($lastActivity + LIFETIME) * 1000,
    ];
}

// The Redis store must write the same bytes under the same key, and read what was carried over.
foreach ($keys as $key) {
    $id = substr($key['key'], -40);
    ['attributes' => $attributes, 'encrypt' => $encrypt] = $sessions[$id];
    $value = hex2bin($key['value']['hex']);
    open('redis', false, $id)->getHandler()->write($id, unserialize($value));
    check($redis->get($key['key']) === $value, "the Redis store writes the same for $id");
    $redis->flushDB();
    carry($redis, $key);
    check($redis->rawCommand('PEXPIRETIME', $key['key']) === $key['expiresAt'], "$id has the expiry of its row");
    check(serialize(open('redis', $encrypt, $id)->all()) === serialize($attributes), "the Redis store reads $id");
}
$redis->flushDB();

printGolden([
    'about' => 'Recorded on '.date('Y-m-d').' from the database session driver, with the table of its migration, an application named Laravel and '
        ."session.lifetime of thirty years. Written by the library: all rows but $expiredId, a copy of the first session with last_activity "
        .'set by hand to 1990. user_id comes from SessionGuard. One session (user_id 7) was written with session.encrypt; its key was not kept. '
        .'Each row was read, or taken as expired, by the database driver. Each key was written byte for byte alike by the redis driver (phpredis), '
        .'and, set by the rule with the expiry of its row, read by the redis driver with the attributes that had been stored.',
    'versions' => versions($pdo, $redis, ['php-illuminate-session', 'php-illuminate-database', 'php-illuminate-cache', 'php-illuminate-redis']),
    'preset' => 'laravel',
    'options' => ['keyPrefix' => REDIS_PREFIX.CACHE_PREFIX.':', 'lifetimeSeconds' => LIFETIME],
    'serverTimeZone' => serverTimeZone($pdo),
    'schema' => $schema,
    'rows' => $rows,
    'keys' => $keys,
    'expired' => [['id' => $expiredId, 'why' => 'last_activity is more than the lifetime of thirty years ago.']],
    'rejected' => [],
]);
