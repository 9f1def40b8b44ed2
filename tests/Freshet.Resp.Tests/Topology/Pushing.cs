using System.Collections.Concurrent;
using System.Globalization;
using Freshet.Resp.Protocol;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>
/// Callers that push values onto a list, each value once, whatever happens; what they were told is compared with the list in the end.
/// </summary>
internal sealed class Pushing : IAsyncDisposable
{
    private const int Callers = 8;

    private readonly ConcurrentBag<string> _acknowledged = [];
    private readonly ConcurrentBag<string> _refused = [];
    private readonly ConcurrentBag<Exception> _faults = [];
    private readonly CancellationTokenSource _end = new();
    private readonly RespClient _client;
    private readonly string _key;
    private readonly Task _callers;
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    public Pushing(RespClient client, string key)
    {
        _client = client;
        _key = key;
        _callers = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => PushAsync(caller))));
    }

    /// <summary>Waits until so many more were acknowledged.</summary>
    public Task ProgressAsync(int count)
    {
        _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _left, count);
        return Connections.ScriptedPeer.Soon(_progress.Task);
    }

    /// <summary>Ends it. Nothing was carried out twice, nor after it was said that it was not.</summary>
    /// <param name="mayLose">Whether servers may have lost what they had acknowledged.</param>
    /// <returns>What the callers that failed were told.</returns>
    public async Task<Exception[]> EndAsync(bool mayLose = false)
    {
        await _end.CancelAsync();
        await Connections.ScriptedPeer.Soon(_callers);
        using var reply = await _client.SendAsync(ClusterFixture.SlotOf(_key), new RespCommand("LRANGE", _key, "0", "-1"));
        var reader = reply.Reader;
        var list = new List<string>();
        for (var left = reader.ReadAggregate(); left > 0; left--)
            list.Add(System.Text.Encoding.UTF8.GetString(reader.ReadBytes()));
        var there = list.ToHashSet(StringComparer.Ordinal);
        Assert.Equal(list.Count, there.Count);
        Assert.Empty(_refused.Intersect(there, StringComparer.Ordinal));
        if (!mayLose)
            Assert.Empty(_acknowledged.Except(there, StringComparer.Ordinal));
        return [.. _faults];
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _callers;
        _end.Dispose();
    }

    private async Task PushAsync(int caller)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var i = 0; !_end.IsCancellationRequested; i++)
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"{caller}/{i}");
            try
            {
                (await _client.SendAsync(ClusterFixture.SlotOf(_key), new RespCommand("RPUSH", _key, value))).Dispose();
                _acknowledged.Add(value);
                if (Interlocked.Decrement(ref _left) == 0)
                    _progress.TrySetResult();
            }
            catch (RespException e)
            {
                _faults.Add(e);
                if (!e.MayHaveRun)
                    _refused.Add(value);
            }

            await pace.WaitForNextTickAsync();
        }
    }
}
