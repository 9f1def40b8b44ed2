using System.Buffers;
using System.Collections.Concurrent;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Freshet.Keys;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Freshet.Loading;

/// <summary>How values of a type are kept: as they are when nobody can change them, else as bytes, so that no caller can change what another gets.</summary>
internal sealed class DataSerializers(IServiceProvider services, IOptions<FreshetOptions> options)
{
    // Tuples have nothing but fields.
    private static readonly JsonSerializerOptions WithFields = new() { IncludeFields = true };
    private readonly ConcurrentDictionary<Type, object> _forms = new();

    public DataForm<T> For<T>()
    {
        // One host uses one cache, so the form used last is nearly always ours: cheaper than a look at the table.
        var last = LastForm<T>.Used;
        return last?.Owner == this ? last : LastForm<T>.Used = (DataForm<T>)_forms.GetOrAdd(typeof(T), _ => Create<T>());
    }

    private DataForm<T> Create<T>()
    {
        using var prefix = new KeyWriter(stackalloc char[256]);
        prefix.Append("data", "kind");
        prefix.Append(options.Value.AppVersion, "application version");
        prefix.Append(typeof(T).FullName ?? typeof(T).Name, "type"); // the same key under two types is two entries
        return new DataForm<T>(this, Serializer<T>(), isKept: IsImmutable(typeof(T)), prefix.ToString());
    }

    // A type is immutable when it is a string or a value without references, or says so and cannot be derived from.
    private static bool IsImmutable(Type type) =>
        type == typeof(string)
        || (type.IsValueType && !ContainsReferences(type))
        || (type.IsSealed && type.GetCustomAttribute<ImmutableObjectAttribute>() is { Immutable: true });

    private static bool ContainsReferences(Type type) => (bool)typeof(RuntimeHelpers)
        .GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(type).Invoke(null, null)!;

    private IHybridCacheSerializer<T> Serializer<T>()
    {
        if (services.GetService<IHybridCacheSerializer<T>>() is { } own)
            return own;
        foreach (var factory in services.GetServices<IHybridCacheSerializerFactory>().Reverse())
        {
            if (factory.TryCreateSerializer<T>(out var made))
                return made;
        }

        return IsImmutable(typeof(T)) ? new JsonForm<T>(WithFields) : new JsonForm<T>(JsonSerializerOptions.Default);
    }

    private static class LastForm<T>
    {
        public static DataForm<T>? Used { get; set; }
    }

    private sealed class JsonForm<T>(JsonSerializerOptions options) : IHybridCacheSerializer<T>
    {
        public T Deserialize(ReadOnlySequence<byte> source)
        {
            var reader = new Utf8JsonReader(source);
            return JsonSerializer.Deserialize<T>(ref reader, options)!;
        }

        public void Serialize(T value, IBufferWriter<byte> target)
        {
            using var writer = new Utf8JsonWriter(target);
            JsonSerializer.Serialize(writer, value, options);
        }
    }
}
