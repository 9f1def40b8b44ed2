using System.Collections;
using Freshet.Keys;
using Freshet.Resp;
using Freshet.Resp.Protocol;
using Freshet.Storage;

namespace Freshet.Redis.Logs;

/// <summary>
/// The keys of public data of all nodes: marks in the public log (R10), so that they vanish with it. Safe for concurrent use.
/// </summary>
/// <remarks>
/// C13: a mark counts in one epoch. When the log begins anew, what was made before is invalid, and what is made after marks its key again.
/// A node that asked in an epoch that was lost in a failover may have missed a mark, as if it had appended there: it tells all to forget.
/// </remarks>
internal sealed class PublicMarks(FollowedLog log, LogLink link, TimeProvider time) : IPublicKeyStore
{
    private const int Places = 1 << 16;

    // All nodes must agree on the places, whatever their secrets are.
    private static readonly TagHash Hash = TagHash.FromKey("freshet marked 1"u8);

    private readonly Lock _gate = new();
    private readonly BitArray _marked = new(Places);
    private Epoch _markedIn;

    /// <inheritdoc/>
    public async ValueTask<bool> TryAddAsync(Tag key)
    {
        var (epoch, place) = (log.Applied.Epoch, PlaceOf(key));
        if (IsMarked(epoch, place))
            return true;
        if (await RunAsync(epoch, place, set: true).ConfigureAwait(false) is not true)
            return false;
        lock (_gate)
        {
            if (_markedIn != epoch)
                _marked.SetAll(false);
            _markedIn = epoch;
            _marked[place] = true;
        }

        return true;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> MayHoldAsync(Tag key)
    {
        var (epoch, place) = (log.Applied.Epoch, PlaceOf(key));
        if (IsMarked(epoch, place) || !log.Agrees(time.GetTimestamp()))
            return true;
        var isMarked = await RunAsync(epoch, place, set: false).ConfigureAwait(false) ?? true;
        if (!isMarked)
            link.Do(log, log.OnAskedFor(epoch));
        return isMarked;
    }

    private static int PlaceOf(Tag key) => (ushort)Hash.OfPath(key.Segments);

    private bool IsMarked(Epoch epoch, int place)
    {
        lock (_gate)
            return _markedIn == epoch && _marked[place];
    }

    // Null when it is not known: no connection, another epoch, a server that refuses.
    private async ValueTask<bool?> RunAsync(Epoch epoch, int place, bool set)
    {
        if (link.SessionOf(log.Slot) is not { } session)
            return null;
        try
        {
            return await session.MarkAsync(log, epoch, place, set).ConfigureAwait(false) switch
            {
                0 => false,
                1 => true,
                _ => null,
            };
        }
        catch (Exception e) when (e is RespException or RespProtocolException)
        {
            return null;
        }
    }
}
