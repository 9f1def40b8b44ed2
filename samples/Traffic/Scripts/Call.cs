namespace Traffic.Scripts;

/// <summary>What an answer shows, so that the checker knows how to read it.</summary>
internal enum Shows
{
    /// <summary>Nothing the platform's writes can change.</summary>
    Reference,

    /// <summary>One row: its id and version.</summary>
    Row,

    /// <summary>A list whose items are rows with id and version.</summary>
    List,

    /// <summary>The signed-in user: tenant, role and the version of the user's row.</summary>
    Context,

    /// <summary>The tenant's aggregate, whose version grows with each change of anything it shows.</summary>
    Dashboard,
}

/// <summary>The types of row the platform has.</summary>
internal enum RowType
{
    None,
    User,
    Engagement,
    Import,
    Mapping,
    Asset,
}

/// <summary>One request a client makes.</summary>
/// <param name="Route">Method and template, as <c>/dev/origin</c> counts it: the measures are kept by it.</param>
/// <param name="Path">Path and query to send.</param>
/// <param name="Shows">How the answer is read.</param>
/// <param name="Type">The type of the row or rows it shows.</param>
/// <param name="Body">What is sent along; null for a GET.</param>
internal sealed record Call(string Route, string Path, Shows Shows, RowType Type = RowType.None, Payload? Body = null)
{
    public string Method => Route[..Route.IndexOf(' ', StringComparison.Ordinal)];

    public bool IsWrite => Body is not null;

    /// <summary>Which rows a list is asked for; null when the answer is no list.</summary>
    public Listed? Listed { get; init; }

    /// <summary>How many columns the CSV has that is sent along: the import makes a mapping of each.</summary>
    public int Columns { get; init; }
}

/// <summary>Which rows a list is asked for: every row of its type, or those that hang on one row.</summary>
/// <param name="Parent">The type of the row they hang on; none for every row.</param>
/// <param name="ParentId">The id of that row.</param>
/// <param name="Page">Which page, sorted by name; null when all are asked for at once.</param>
internal sealed record Listed(RowType Parent = RowType.None, string? ParentId = null, PageOf? Page = null);

/// <summary>A page, counted from one, and how many rows a page has.</summary>
internal readonly record struct PageOf(int Number, int Size);

internal sealed record Payload(string MediaType, string Text);
