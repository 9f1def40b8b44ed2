namespace Freshet.AspNetCore.Events;

/// <summary>Marks the endpoint of the events: the cache lets its requests pass as they are.</summary>
internal sealed class EventsMetadata
{
    public static readonly EventsMetadata Instance = new();
}
