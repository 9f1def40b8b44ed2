using System.Globalization;
using System.Text;
using Freshet.Resp.Topology;

namespace Freshet.Redis.Agreements;

/// <summary>
/// The keys by which nodes find out whether they agree: one, or in a cluster one for each sixteenth of the slots, so that logs depend on
/// no shard but (as a rule) their own. Immutable.
/// </summary>
internal sealed class NodeAgreements
{
    private const string Key = "freshet:agreement"; // does not depend on the prefix, for nodes with different ones are to meet here
    private const int Parts = 16;

    private readonly Agreement[] _all;

    public NodeAgreements(NodeTerms own, bool isCluster, int database, TimeProvider time)
    {
        var keys = isCluster ? KeysOfCluster() : [Encoding.ASCII.GetBytes(Key)];
        _all = [.. keys.Select(k => new Agreement(k, HashSlot.Of(k), own, hasDatabases: database != 0, time))];
    }

    public IReadOnlyList<Agreement> All => _all;

    /// <summary>In what this node differs from another one; null for nothing.</summary>
    public Disagreement? Disagreement => Array.Find(_all, a => a.Disagreement is not null)?.Disagreement;

    /// <summary>The longest time for which contact lasts on any node.</summary>
    public TimeSpan LongestStaleness => _all.Max(a => a.LongestStaleness);

    /// <summary>The one on which a log depends.</summary>
    public Agreement Of(int slot) => _all[slot * _all.Length / HashSlot.Count];

    /// <summary>The keys in a cluster, in the order of their slots: of each part the first number whose slot belongs to it.</summary>
    internal static byte[][] KeysOfCluster()
    {
        var keys = new byte[Parts][];
        for (var (i, missing) = (0, Parts); missing > 0; i++)
        {
            var key = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Key}:{{{i}}}"));
            ref var place = ref keys[HashSlot.Of(key) * Parts / HashSlot.Count];
            if (place is not null)
                continue;
            place = key;
            missing--;
        }

        return keys;
    }
}
