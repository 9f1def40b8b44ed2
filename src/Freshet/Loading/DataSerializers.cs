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
        return new DataForm<T>(this, IsImmutable(typeof(T)) ? null : Serializer<T>(), prefix.ToString());
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

        return new JsonForm<T>();
    }

    private static class LastForm<T>
    {
        public static DataForm<T>? Used { get; set; }
    }

    private sealed class JsonForm<T> : IHybridCacheSerializer<T>
    {
        public T Deserialize(ReadOnlySequence<byte> source)
        {
            var reader = new Utf8JsonReader(source);
            return JsonSerializer.Deserialize<T>(ref reader)!;
        }

        public void Serialize(T value, IBufferWriter<byte> target)
        {
            using var writer = new Utf8JsonWriter(target);
            JsonSerializer.Serialize(writer, value);
        }
    }
}

/// <summary>How values of one type are kept.</summary>
/// <param name="owner">The cache that keeps them.</param>
/// <param name="serializer">Null when values are kept as they are.</param>
/// <param name="keyPrefix">The parts that begin the key of every value of this type.</param>
internal sealed class DataForm<T>(DataSerializers owner, IHybridCacheSerializer<T>? serializer, string keyPrefix)
{
    public DataSerializers Owner => owner;

    public string KeyPrefix => keyPrefix;

    public T Read(object stored)
    {
        if (serializer is null || stored is not byte[] bytes)
            return stored is T value ? value : default!; // null is kept as an object of its own
        return serializer.Deserialize(new ReadOnlySequence<byte>(bytes));
    }

    public object Write(T value, out long bytes)
    {
        if (value is null)
        {
            bytes = 0;
            return Null.Instance;
        }

        if (serializer is null)
        {
            bytes = value is string text ? 2L * text.Length : Unsafe.SizeOf<T>() + 16;
            return value;
        }

        var buffer = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, buffer);
        bytes = buffer.WrittenCount;
        return buffer.WrittenSpan.ToArray();
    }

    private sealed class Null
    {
        public static Null Instance { get; } = new();
    }
}
