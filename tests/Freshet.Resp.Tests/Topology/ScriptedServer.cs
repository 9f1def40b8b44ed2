using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A server on a loopback port whose every answer is the test's, and which tells what it has heard.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();
    private readonly List<string> _all = [];
    private readonly List<Task> _serving = [];
    private readonly CancellationTokenSource _closing = new();

    public ScriptedServer()
    {
        _listener.Start();
        _serving.Add(AcceptAsync());
    }

    /// <summary>What it answers to a command, its parts with spaces between; null: nothing, and an empty text closes the connection.</summary>
    public Func<string, Task<string?>> Answer { get; set; } = _ => Task.FromResult<string?>("+OK\r\n");

    public string Role { get; set; } = "master";

    public string Mode { get; set; } = "cluster";

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Name => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>All commands so far but HELLO and what asks for the map.</summary>
    public string[] Heard
    {
        get
        {
            lock (_all)
                return [.. _all.Where(c => !c.StartsWith("HELLO", StringComparison.Ordinal) && !c.StartsWith("CLUSTER", StringComparison.Ordinal))];
        }
    }

    /// <summary>The reply to CLUSTER INFO.</summary>
    public static string Info(bool serves, int epoch) => Bulk($"cluster_state:{(serves ? "ok" : "fail")}\r\ncluster_current_epoch:{epoch}\r\n");

    /// <summary>The reply to CLUSTER SLOTS.</summary>
    public static string Slots(params (int First, int Last, ScriptedServer Primary)[] ranges) =>
        $"*{ranges.Length}\r\n" + string.Concat(ranges.Select(r => $"*3\r\n:{r.First}\r\n:{r.Last}\r\n*2\r\n{Bulk("127.0.0.1")}:{r.Primary.Port}\r\n"));

    public static string Bulk(string text) => $"${text.Length}\r\n{text}\r\n";

    /// <summary>Answers what asks for the map by this one, and the rest as told.</summary>
    public void Describe(Func<string> slots, Func<string, string?> rest, Func<string>? info = null) => Answer = command => Task.FromResult(command switch
    {
        "CLUSTER SLOTS" => slots(),
        "CLUSTER INFO" => info?.Invoke() ?? Info(true, 1),
        _ => rest(command),
    });

    /// <summary>Waits for a command that was not heard yet; passes over all others.</summary>
    public async Task HearAsync(string command)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await _heard.Reader.ReadAsync(limit.Token) != command)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Task[] serving;
        lock (_serving)
            serving = [.. _serving];
        await Task.WhenAll(serving);
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_closing.Token);
                lock (_serving)
                    _serving.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        try
        {
            while (await reader.ReadLineAsync(_closing.Token) is { } header)
            {
                var parts = new string[int.Parse(header.AsSpan(1), CultureInfo.InvariantCulture)];
                for (var i = 0; i < parts.Length; i++)
                {
                    await reader.ReadLineAsync(_closing.Token);
                    parts[i] = (await reader.ReadLineAsync(_closing.Token))!;
                }

                var command = string.Join(' ', parts);
                lock (_all)
                    _all.Add(command);
                var answering = parts[0] == "HELLO"
                    ? Task.FromResult<string?>($"%2\r\n+role\r\n+{Role}\r\n+mode\r\n+{Mode}\r\n")
                    : Answer(command);
                _heard.Writer.TryWrite(command);
                var answer = await answering.WaitAsync(_closing.Token);
                if (answer?.Length == 0)
                    return;
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(answer ?? ""), _closing.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It ends, or the client has left.
        }
    }
}
