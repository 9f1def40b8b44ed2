namespace Freshet.Client;

/// <summary>The answers that are kept, bounded in number and bytes: the one that was not used for longest goes. Not thread-safe.</summary>
internal sealed class AnswerStore(int maxEntries, long maxBytes)
{
    private readonly Dictionary<string, LinkedListNode<KeptAnswer>> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _keysByGroup = new(StringComparer.Ordinal);
    private readonly LinkedList<KeptAnswer> _byUse = new();
    private long _bytes;

    public int Count => _byKey.Count;

    public KeptAnswer? Get(string key)
    {
        if (!_byKey.TryGetValue(key, out var node))
            return null;
        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value;
    }

    public void Set(KeptAnswer answer)
    {
        Remove(answer.Key);
        if (maxEntries == 0 || answer.Bytes > maxBytes)
            return;
        _byKey[answer.Key] = _byUse.AddFirst(answer);
        _bytes += answer.Bytes;
        foreach (var group in answer.Groups)
        {
            if (!_keysByGroup.TryGetValue(group, out var keys))
                _keysByGroup[group] = keys = new HashSet<string>(StringComparer.Ordinal);
            keys.Add(answer.Key);
        }

        while (_byKey.Count > maxEntries || _bytes > maxBytes)
            Remove(_byUse.Last!.Value.Key);
    }

    public void Remove(string key)
    {
        if (!_byKey.Remove(key, out var node))
            return;
        _byUse.Remove(node);
        _bytes -= node.Value.Bytes;
        foreach (var group in node.Value.Groups)
        {
            if (_keysByGroup.TryGetValue(group, out var keys) && keys.Remove(key) && keys.Count == 0)
                _keysByGroup.Remove(group);
        }
    }

    public void Clear()
    {
        _byKey.Clear();
        _keysByGroup.Clear();
        _byUse.Clear();
        _bytes = 0;
    }

    /// <summary>What belongs to a touched group, and has its place before the touch, is no longer used.</summary>
    public void Touch(Touch touch)
    {
        var keys = touch.Groups is null
            ? _byKey.Keys.ToHashSet(StringComparer.Ordinal)
            : touch.Groups.SelectMany(g => _keysByGroup.GetValueOrDefault(g) ?? []).ToHashSet(StringComparer.Ordinal);
        foreach (var node in keys.Select(key => _byKey[key]).Where(n => touch.IsAfter(n.Value.Place)))
            node.Value = node.Value with { IsLive = false };
    }
}
