<?php

declare(strict_types=1);

// What both PHP recorders share: the two servers, the migration rule carried out by hand, the golden file.

/** Remembers the statements a library runs with exec(), which is how Symfony creates its table. */
final class RecordingPdo extends PDO
{
    public array $statements = [];

    public function exec(string $statement): int|false
    {
        $this->statements[] = $statement;

        return parent::exec($statement);
    }
}

function source(): RecordingPdo
{
    $url = parse_url(getenv('SOURCE_URL') ?: fail('SOURCE_URL is not set'));
    $dsn = sprintf('pgsql:host=%s;port=%d;dbname=%s', $url['host'], $url['port'] ?? 5432, ltrim($url['path'], '/'));
    $pdo = new RecordingPdo($dsn, rawurldecode($url['user'] ?? ''), rawurldecode($url['pass'] ?? ''));
    $pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);

    return $pdo;
}

/** A connection without prefix and serializer: it sees keys and values as they lie in Redis. */
function target(): Redis
{
    $url = parse_url(getenv('TARGET_URL') ?: fail('TARGET_URL is not set'));
    $redis = new Redis();
    $redis->connect($url['host'], $url['port'] ?? 6379);
    if (isset($url['pass'])) {
        $redis->auth(rawurldecode($url['pass']));
    }
    check($redis->dbSize() === 0, 'the target is empty');

    return $redis;
}

function serverTimeZone(PDO $pdo): string
{
    $zone = $pdo->query('SHOW timezone')->fetchColumn();
    check($zone !== 'UTC', 'the server is in a zone that is not UTC');

    return $zone;
}

/** What a migration leaves in Redis: the bytes, and the row's expiry. */
function carry(Redis $redis, array $key): void
{
    $redis->set($key['key'], hex2bin($key['value']['hex']));
    $redis->rawCommand('PEXPIREAT', $key['key'], $key['expiresAt']);
}

function hex(string $bytes): array
{
    return ['hex' => bin2hex($bytes)];
}

function check(bool $holds, string $what): void
{
    $holds || fail("does not hold: $what");
}

function fail(string $why): never
{
    fwrite(STDERR, "$why\n");
    exit(1);
}

/** Versions of the servers, of PHP and of the Debian packages that hold the libraries. */
function versions(PDO $pdo, Redis $redis, array $packages): array
{
    foreach ($packages as $package) {
        $version = (string) shell_exec('dpkg-query --show --showformat \'${Version}\' '.escapeshellarg($package));
        $versions[$package] = preg_replace('/\+dfsg.*$/', '', $version);
    }

    return $versions + [
        'php' => PHP_MAJOR_VERSION.'.'.PHP_MINOR_VERSION.'.'.PHP_RELEASE_VERSION,
        'phpredis' => phpversion('redis'),
        'postgresql' => strtok($pdo->getAttribute(PDO::ATTR_SERVER_VERSION), ' '),
        'redis' => $redis->info('server')['redis_version'],
    ];
}

function printGolden(array $golden): void
{
    $json = json_encode($golden, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
    echo preg_replace_callback('/^( {4})+/m', fn ($indent) => str_repeat(' ', intdiv(strlen($indent[0]), 2)), $json), "\n";
}
