using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Freshet.TestServers;

/// <summary>
/// A PostgreSQL server from the distribution's package, for one run of the tests: in a temporary folder, on a free port, without fsync. It ends
/// with the run, even when the run is killed: it lives only as long as its standard input is open. When no server can be
/// started the tests that need it fail.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-pg-").FullName;
    private Process? _process;
    private int _databases;

    public string ConnectionString { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var bin = Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal)
            .Select(d => Path.Combine(d, "bin")).First(d => File.Exists(Path.Combine(d, "initdb")));
        var port = FreePort();
        // The server refuses to run as root; the package brings a user for it.
        var asUser = Environment.UserName == "root" ? "runuser -u postgres --" : "";
        if (asUser.Length > 0)
            await ShellAsync($"chown postgres '{_folder}'");
        await ShellAsync($"cd / && {asUser} '{bin}/initdb' -D '{_folder}/data' -A trust -U postgres -E UTF8 --no-sync --locale=C.UTF-8");

        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.ArgumentList.Add("-c");
        // INT to the server is a fast shutdown.
        start.ArgumentList.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{asUser} '{bin}/postgres' -D '{_folder}/data' -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{_folder}' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c max_prepared_transactions=10 </dev/null & read _; kill -INT $(head -1 '{_folder}/data/postmaster.pid'); wait"));
        _process = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new List<string>();
        _process.ErrorDataReceived += (_, e) =>
        {
            lock (output)
                output.Add(e.Data ?? "(the server ended)");
            if (e.Data?.Contains("ready to accept connections", StringComparison.Ordinal) == true)
                ready.TrySetResult();
            else if (e.Data is null)
                ready.TrySetException(new InvalidOperationException("PostgreSQL did not start:\n" + string.Join('\n', output)));
        };
        _process.BeginErrorReadLine();
        await ready.Task;
        ConnectionString = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres;Include Error Detail=true");
    }

    /// <summary>An empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionString.Replace("Database=postgres", $"Database={name}", StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_process is not null)
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task ShellAsync(string command)
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command}\n{await output}\n{await error}");
    }
}
