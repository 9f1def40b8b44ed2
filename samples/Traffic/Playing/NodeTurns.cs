namespace Traffic.Playing;

/// <summary>Whose turn it is: the nodes of a site, one after the other, for one client. Safe for concurrent use.</summary>
/// <param name="site">The nodes.</param>
/// <param name="first">Who begins; taken modulo the number of nodes.</param>
internal sealed class NodeTurns(Site site, int first)
{
    private int _next = first;

    public int Next() => (int)((uint)(Interlocked.Increment(ref _next) - 1) % (uint)site.Nodes.Count);
}
