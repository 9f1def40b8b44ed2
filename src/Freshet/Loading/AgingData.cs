using System.Reflection;
using Freshet.Invalidation;
using Microsoft.Extensions.Logging;

namespace Freshet.Loading;

/// <summary>
/// Says where values of data are loaded that no write ends, because nothing was seen that they depend on: a debug line once for each place
/// in the code. Safe for concurrent use; it remembers at most <see cref="MaxPlaces"/> places, and says nothing of more.
/// </summary>
internal sealed partial class AgingData(EntityModelSource model, ILogger<AgingData>? log = null)
{
    public const int MaxPlaces = 256;

    private readonly Lock _gate = new();
    private readonly HashSet<MethodInfo> _places = [];

    /// <summary>A value was loaded.</summary>
    /// <param name="scope">What its load has read.</param>
    /// <param name="factory">What loaded it.</param>
    /// <param name="state">What that was given; HybridCache gives the caller's delegate in here, when the caller gave no state.</param>
    public void Note(LoadScope scope, Delegate factory, object? state)
    {
        if (log is null || !log.IsEnabled(LogLevel.Debug) || !model.HasParts || scope.HasDependency)
            return;
        var place = (state as Delegate ?? factory).Method;
        lock (_gate)
        {
            if (_places.Count == MaxPlaces || !_places.Add(place))
                return;
        }

        LogAging(log, place.DeclaringType?.FullName, place.Name);
    }

    // A key may hold what nobody may read in a log, so the place is named instead.
    [LoggerMessage(3, LogLevel.Debug, "A value that HybridCache loads in '{Type}.{Method}' depends on nothing that Freshet has seen: only its age ends it. Give it tags, and touch them when the data changes, if writes should end it. This is logged once for each place.")]
    private static partial void LogAging(ILogger logger, string? type, string method);
}
