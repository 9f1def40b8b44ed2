using Freshet.AspNetCore.Endpoints;
using Freshet.Diagnostics;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Warns where an endpoint's answers are not stored: once for each endpoint and reason, in every environment. Safe for concurrent use;
/// its memory is bounded by the endpoints that the application has, and by <see cref="MaxNames"/>, never by what clients ask for.
/// </summary>
internal sealed class NeverStored(ILogger<NeverStored> log)
{
    /// <summary>Some answers are rightly not stored; when so many are, and none ever was, that is a fault.</summary>
    public const int Many = 16;

    /// <summary>An application may make its endpoints anew again and again: so many warnings are remembered by name.</summary>
    public const int MaxNames = 1024;

    private readonly Lock _gate = new();
    private readonly HashSet<(string Endpoint, CacheReason Reason)> _warned = [];
    private bool _isFull;

    /// <summary>An answer of the endpoint was loaded, or served without the cache.</summary>
    /// <param name="refusals">What is known of the endpoint.</param>
    /// <param name="endpoint">Its name.</param>
    /// <param name="reason">Why the answer was not stored; <see cref="CacheReason.None"/> when it was.</param>
    /// <param name="detail">What exactly stood against it.</param>
    public void Note(Refusals refusals, string? endpoint, CacheReason reason, string? detail)
    {
        if (reason is CacheReason.None)
        {
            refusals.Stored();
            return;
        }

        var warning = reason.Warning();
        if (warning is Warning.None)
            return;
        var count = refusals.Refused(reason, detail);
        if ((warning is Warning.AtOnce || count >= Many) && refusals.TryWarn(reason))
            Warn(endpoint ?? "(without a name)", reason, detail, warning is Warning.AtOnce ? 1 : count);
    }

    private void Warn(string endpoint, CacheReason reason, string? detail, int count)
    {
        lock (_gate)
        {
            if (_isFull || _warned.Contains((endpoint, reason)))
                return;
            _isFull = _warned.Count == MaxNames;
            if (!_isFull)
                _warned.Add((endpoint, reason));
        }

        if (_isFull)
            HttpLog.NotStoredUnnamed(log, MaxNames);
        else if (count > 1)
            HttpLog.NeverStored(log, endpoint, count, reason.Text(), Tail(detail), reason.Advice());
        else
            HttpLog.NotStored(log, endpoint, reason.Text(), Tail(detail), reason.Advice());
    }

    private static string Tail(string? detail) => detail is null ? "" : $": {detail}";
}
