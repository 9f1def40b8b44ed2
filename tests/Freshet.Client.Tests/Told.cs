using System.Threading.Channels;

namespace Freshet.Client.Tests;

/// <summary>What a client was told, in order.</summary>
internal sealed class Told
{
    private readonly Channel<CacheEvent> _told = Channel.CreateUnbounded<CacheEvent>();

    public void Add(CacheEvent told) => _told.Writer.TryWrite(told);

    /// <summary>Waits for the next one of that kind.</summary>
    public async Task<CacheEvent> NextAsync(CacheEventKind kind)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var told = await _told.Reader.ReadAsync(limit.Token);
            if (told.Kind == kind)
                return told;
        }
    }
}
