using System.Buffers;
using System.Collections.Concurrent;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Loading;

/// <summary>How values of a type are kept: as they are when nobody can change them, else as bytes, so that no caller can change what another gets.</summary>
internal sealed class DataSerializers(IServiceProvider services)
{
    private readonly ConcurrentDictionary<Type, object> _forms = new();

    public DataForm<T> For<T>()
    {
        return _forms.TryGetValue(typeof(T), out var form) ? (DataForm<T>)form : Add();

        DataForm<T> Add() => (DataForm<T>)_forms.GetOrAdd(typeof(T), new DataForm<T>(IsImmutable(typeof(T)) ? null : Serializer<T>()));
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
/// <param name="serializer">Null when values are kept as they are.</param>
internal sealed class DataForm<T>(IHybridCacheSerializer<T>? serializer)
{
    // A part of the key: the same key under two types is two entries.
    public string Name { get; } = typeof(T).FullName ?? typeof(T).Name;

    public T Read(object stored) => stored switch
    {
        Null => default!,
        byte[] bytes when serializer is not null => serializer.Deserialize(new ReadOnlySequence<byte>(bytes)),
        _ => (T)stored,
    };

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
