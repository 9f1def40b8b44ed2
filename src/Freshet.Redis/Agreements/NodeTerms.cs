using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Freshet.Storage;

namespace Freshet.Redis.Agreements;

/// <summary>
/// What a node goes by where nodes must agree, as a text that others read (R9). Nodes with the same settings have the same text. Immutable.
/// </summary>
/// <remarks>
/// <code>
/// version SP prefix "/" database SP format SP MaxStaleness in ms, then of each setting: SP name "=" value *("," accepted value)
/// </code>
/// </remarks>
internal sealed class NodeTerms
{
    /// <summary>The form of what lies in Redis: records, clocks, entries. A change of how any of them is written or found raises it.</summary>
    public const int StoreFormat = 2;

    /// <summary>The setting whose values are fingerprints of secrets: nodes of one application have it in common, others have not.</summary>
    public const string SecretName = "Freshet:Redis:Secret";

    private const string TextVersion = "1";
    private static readonly Disagreement Unreadable = new(
        "the version of Freshet", "Another node runs a version that keeps its data in another form: run one version on all nodes.");

    private readonly Dictionary<string, AgreedSetting> _settings;
    private readonly string _prefix;
    private readonly string _database;
    private readonly string _format;

    /// <param name="prefix">The beginning of all names.</param>
    /// <param name="database">The number of the database.</param>
    /// <param name="maxStaleness">How long contact lasts.</param>
    /// <param name="settings">The others.</param>
    /// <param name="format">The form of what lies in Redis.</param>
    public NodeTerms(string prefix, int database, TimeSpan maxStaleness, IReadOnlyList<AgreedSetting> settings, int format = StoreFormat)
        : this(prefix, Digits(database), Digits(format), maxStaleness, settings)
    {
    }

    private NodeTerms(string prefix, string database, string format, TimeSpan maxStaleness, IReadOnlyList<AgreedSetting> settings)
    {
        (_prefix, _database, _format, MaxStaleness) = (prefix, database, format, maxStaleness);
        _settings = settings.ToDictionary(s => s.Name, StringComparer.Ordinal);
        var head = string.Create(CultureInfo.InvariantCulture, $"{TextVersion} {prefix}/{database} {format} {(long)maxStaleness.TotalMilliseconds}");
        Text = string.Join(' ', settings.Select(s => $"{s.Name}={string.Join(',', s.Accepted.Order(StringComparer.Ordinal).Prepend(s.Value))}").Prepend(head));
    }

    public string Text { get; }

    public TimeSpan MaxStaleness { get; }

    /// <summary>Whether two nodes use the same logs.</summary>
    public bool IsBeside(NodeTerms other) => _prefix == other._prefix && _database == other._database;

    /// <summary>Reads the text of another node.</summary>
    /// <returns>False for one of a version that this node does not know.</returns>
    public static bool TryRead(string text, [NotNullWhen(true)] out NodeTerms? terms)
    {
        terms = null;
        var parts = text.Split(' ');
        if (parts.Length < 4 || parts[0] != TextVersion || parts[1].LastIndexOf('/') is not (> 0 and var slash)
            || !long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) || milliseconds > int.MaxValue)
        {
            return false;
        }

        var settings = new List<AgreedSetting>();
        foreach (var part in parts.AsSpan(4))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || settings.Exists(s => string.Equals(s.Name, part[..equals], StringComparison.Ordinal)))
                return false;
            var values = part[(equals + 1)..].Split(',');
            settings.Add(new AgreedSetting(part[..equals], values[0], values[1..], ""));
        }

        terms = new NodeTerms(parts[1][..slash], parts[1][(slash + 1)..], parts[2], TimeSpan.FromMilliseconds(milliseconds), settings);
        return true;
    }

    /// <summary>Why this node cannot work beside one with those terms; null when it can.</summary>
    public Disagreement? With(string text)
    {
        if (!TryRead(text, out var other))
            return Unreadable;
        var shared = _settings.Values.Where(s => other._settings.ContainsKey(s.Name)).Select(s => (Own: s, Other: other._settings[s.Name]));
        if (IsBeside(other))
        {
            if (_format != other._format)
                return Unreadable;
            var differing = shared.FirstOrDefault(s => !Accepts(s.Own, s.Other.Value) || !Accepts(s.Other, s.Own.Value)).Own;
            return differing is null ? null : new Disagreement(differing.Name, differing.Fix);
        }

        // Other logs are of another application, and that has another secret.
        if (!shared.Any(s => s.Own.Name == SecretName && (Accepts(s.Own, s.Other.Value) || Accepts(s.Other, s.Own.Value))))
            return null;
        return _prefix != other._prefix
            ? new Disagreement(
                "Freshet:Redis:Prefix",
                "Another node has the same secret and another prefix: give the nodes of one application the same prefix, and each application a secret of its own.")
            : new Disagreement(
                "Freshet:Redis:Address",
                "Another node has the same secret and another database number: give the nodes of one application the same number, and each application a secret of its own.");
    }

    private static bool Accepts(AgreedSetting setting, string value) => setting.Value == value || setting.Accepted.Contains(value, StringComparer.Ordinal);

    private static string Digits(int number) => number.ToString(CultureInfo.InvariantCulture);
}
