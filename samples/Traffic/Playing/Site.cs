namespace Traffic.Playing;

/// <summary>The platform as its clients see it: one address, behind which one node or several answer.</summary>
/// <param name="Nodes">Where each node listens; the first one's address is the site's.</param>
internal sealed record Site(IReadOnlyList<Uri> Nodes)
{
    public Uri Address => Nodes[0];

    public override string ToString() => string.Join(", ", Nodes);
}
