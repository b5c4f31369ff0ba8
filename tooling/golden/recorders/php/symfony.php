<?php

declare(strict_types=1);

// Sessions written by Symfony's PdoSessionHandler, and how its RedisSessionHandler must find them.

require 'Symfony/Component/HttpFoundation/autoload.php';
require __DIR__.'/golden.php';

use Symfony\Component\HttpFoundation\Session\Session;
use Symfony\Component\HttpFoundation\Session\Storage\Handler\PdoSessionHandler;
use Symfony\Component\HttpFoundation\Session\Storage\Handler\RedisSessionHandler;
use Symfony\Component\HttpFoundation\Session\Storage\NativeSessionStorage;

// About eleven years. sess_lifetime is an int4 that holds the absolute expiry, so no session can outlive January 2038.
const LIFETIME = 350_000_000;

// Up to this number sess_lifetime is a duration, as written before Symfony 4.4 (PdoSessionHandler::MAX_LIFETIME).
const LONGEST_DURATION = 315_576_000;

/** Serializes to property names with NUL bytes: "\0Basket\0lines", "\0*\0voucher". */
final class Basket
{
    private array $lines = ['p-17' => 2, 'p-4711' => 1];
    protected ?string $voucher = 'VIELEN-DANK-£5';
    public string $currency = 'EUR';
}

// PHP refuses to start a session once output has been sent.
ob_start();
$pdo = source();
$redis = target();
$sql = new PdoSessionHandler($pdo);
$sql->createTable();
$schema = $pdo->statements;

function open(SessionHandlerInterface $handler, string $id = ''): Session
{
    session_id($id);
    $session = new Session(new NativeSessionStorage(['gc_maxlifetime' => LIFETIME], $handler));
    $session->start();

    return $session;
}

$flashes = ['notice' => ['Saved.', 'Noch 1 Schritt übrig']];
$sessions = [
    ['attributes' => ['user_id' => 42, 'roles' => ['ROLE_USER', 'ROLE_EDITOR'], '_csrf/https-login' => 'b9Qk3VtS0m'], 'flashes' => []],
    ['attributes' => ['step' => 3], 'flashes' => $flashes],
    ['attributes' => ['name' => 'Łukasz Żółć', 'city' => '東京', 'note' => '👩‍👩‍👧 crème brûlée', 'a|b;' => 'c|d;s:1:"x";'], 'flashes' => []],
    ['attributes' => ['latin1' => "caf\xe9", 'digest' => "\x00\xff\xfe\x80\r\n\x1a", 'overlong' => "\xc0\x80"], 'flashes' => []],
    ['attributes' => ['tree' => ['a' => ['b' => [true, false, null, -1, PHP_INT_MAX, 0.1, 1e300]], 7 => 'seven', '' => 'empty']], 'flashes' => []],
    ['attributes' => ['basket' => new Basket(), 'since' => new DateTimeImmutable('2026-02-28 23:59:59.123456 Asia/Kolkata')], 'flashes' => []],
    ['attributes' => ['page' => str_repeat('0123456789abcdef', 128)], 'flashes' => []],
];
foreach ($sessions as $values) {
    $session = open($sql);
    $session->replace($values['attributes']);
    $session->getFlashBag()->setAll($values['flashes']);
    $session->save();
    $written[$session->getId()] = $values;
}

// PHP's own session functions, an id of PHP's whole alphabet, and no strict mode, so that the row begins as a lock.
session_set_save_handler($sql, true);
session_id('Native-Session,0123456789');
session_start(['use_strict_mode' => 0, 'gc_maxlifetime' => LIFETIME]);
$_SESSION = ['visits' => 12, 'seen' => ['/', '/about']];
session_write_close();
$native = $_SESSION;

// The lock: a request for an unknown id inserts an empty row that expires at once, and leaves it behind.
session_id('unknown-to-the-store');
session_start(['use_strict_mode' => 0, 'read_and_close' => true]);

$copy = $pdo->prepare('INSERT INTO sessions SELECT :id, sess_data, :lifetime, :time FROM sessions WHERE sess_id = :from');
$byHand = function (string $id, int $lifetime, int $time) use ($copy, $written): void {
    $copy->execute(['id' => $id, 'lifetime' => $lifetime, 'time' => $time, 'from' => array_key_first($written)]);
};
$byHand('duration-live', LONGEST_DURATION, strtotime('2038-01-01 UTC'));
$byHand('duration-of-1440', 1440, strtotime('2038-01-01 UTC'));
$byHand('duration-ended', 1440, strtotime('2018-03-01 UTC'));
$byHand('duration-too-long', LONGEST_DURATION + 1, strtotime('2038-01-01 UTC'));
sleep(2); // The handler compares whole seconds with "<": a row is live within the second in which it expires.

$why = [
    'unknown-to-the-store' => 'A lock: empty sess_data, and sess_lifetime equal to sess_time.',
    'duration-ended' => 'sess_lifetime is a duration, and sess_time + sess_lifetime lies in 2018.',
    'duration-too-long' => 'One second over the longest duration: sess_lifetime is an absolute time in 1980.',
];
$rows = $keys = $expired = [];
foreach ($pdo->query('SELECT * FROM sessions ORDER BY sess_id', PDO::FETCH_ASSOC) as $row) {
    ['sess_id' => $id, 'sess_lifetime' => $lifetime, 'sess_time' => $time] = $row;
    $data = stream_get_contents($row['sess_data']);
    $rows[] = ['table' => 'sessions', 'row' => array_replace($row, ['sess_data' => hex($data)])];

    $sql->open('', 'PHPSESSID');
    $read = $sql->read($id);
    $sql->close();
    check($read === (isset($why[$id]) ? '' : $data), "the SQL store takes $id as listed");
    if (isset($why[$id])) {
        check($sql->isSessionExpired(), "the SQL store calls $id expired");
        $expired[] = ['id' => $id, 'why' => $why[$id]];
        continue;
    }
    $expiry = $lifetime <= LONGEST_DURATION ? $time + $lifetime : $lifetime;
    $keys[] = ['key' => "sf_s$id", 'type' => 'string', 'value' => hex($data), 'expiresAt' => $expiry * 1000];
}

// The Redis store must write the same bytes under the same key, and read what was carried over.
$store = new RedisSessionHandler($redis);
foreach ($keys as $key) {
    $id = substr($key['key'], strlen('sf_s'));
    $store->write($id, hex2bin($key['value']['hex']));
    check($redis->get($key['key']) === hex2bin($key['value']['hex']), "the Redis store writes the same for $id");
    $redis->flushDB();
    carry($redis, $key);
    check($redis->rawCommand('PEXPIRETIME', $key['key']) === $key['expiresAt'], "$id has the expiry of its row");

    if (str_starts_with($id, 'Native-')) {
        session_set_save_handler($store, true);
        session_id($id);
        session_start();
        check(session_id() === $id && $_SESSION === $native, "the Redis store reads $id");
        session_write_close();
        continue;
    }
    $session = open($store, $id);
    $read = ['attributes' => $session->all(), 'flashes' => $session->getFlashBag()->peekAll()];
    check($session->getId() === $id, "the Redis store knows $id");
    check(serialize($read) === serialize($written[$id] ?? reset($written)), "the Redis store reads $id");
    $session->save();
}
$redis->flushDB();
ob_end_clean();

printGolden([
    'about' => 'Recorded on '.date('Y-m-d').' from PdoSessionHandler (createTable(), its default locking) with PHP\'s own session encoding. '
        .'Written by the library: all rows but those named duration-*. The session named Native-* comes from PHP\'s session functions, the '
        .'others from Session and NativeSessionStorage. unknown-to-the-store is what a request for an unknown id left behind without strict mode. '
        .'The duration-* rows are copies of the first session with the two numbers set by hand, since no current version writes durations; '
        .'sess_time is 2038-01-01 where such a row has to stay live, which an int4 only just holds. For the same reason the other sessions '
        .'expire in 2037. Each row was read, or taken as expired, by PdoSessionHandler. Each key was written byte for byte alike by RedisSessionHandler, '
        .'and, set by the rule with the expiry of its row, read by RedisSessionHandler with the attributes that had been stored.',
    'versions' => versions($pdo, $redis, ['php-symfony-http-foundation']),
    'preset' => 'symfony',
    'options' => ['keyPrefix' => 'sf_s'],
    'serverTimeZone' => serverTimeZone($pdo),
    'schema' => $schema,
    'rows' => $rows,
    'keys' => $keys,
    'expired' => $expired,
    'rejected' => [],
]);
