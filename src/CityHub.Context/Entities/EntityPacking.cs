using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace CityHub.Context.Entities;

/// <summary>
/// Attributes ↔ bytes: count, then per attribute name (4), kind (1), what there is (1), decimals (1), created (8), modified (8), then what there is, the value's length and the value,
/// the sub-attributes likewise. IRI ids are those of this process; <see cref="Renumber"/> moves bytes from one process to another.
/// </summary>
internal static class EntityPacking
{
    private const byte HasDataset = 1, HasUnit = 2, HasObserved = 4, HasExpires = 8, HasObjectType = 16, HasSub = 32, HasInstance = 64;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    public static byte[] Pack(IReadOnlyList<Attribute> attributes)
    {
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(4096);
        buffer.ResetWrittenCount();
        Write(buffer, attributes);
        return buffer.WrittenSpan.ToArray();
    }

    public static IReadOnlyList<Attribute> Unpack(byte[] packed)
    {
        if (packed.Length == 0)
            return [];
        var at = 0;
        return Read(packed, ref at);
    }

    /// <summary>Replaces every IRI id by the one at its place in the map.</summary>
    public static void Renumber(byte[] packed, int[] map)
    {
        var at = 0;
        if (packed.Length > 0)
            RenumberList(packed, ref at, map);
    }

    private static void Write(ArrayBufferWriter<byte> to, IReadOnlyList<Attribute> attributes)
    {
        Put16(to, attributes.Count);
        foreach (var attribute in attributes)
        {
            var has = (byte)((attribute.Dataset is null ? 0 : HasDataset) | (attribute.UnitCode is null ? 0 : HasUnit) | (attribute.ObservedAt == 0 ? 0 : HasObserved) |
                (attribute.ExpiresAt == 0 ? 0 : HasExpires) | (attribute.ObjectType.Count == 0 ? 0 : HasObjectType) | (attribute.Sub.Count == 0 ? 0 : HasSub) |
                (attribute.InstanceId is null ? 0 : HasInstance));
            Put32(to, attribute.Name);
            to.Write([(byte)attribute.Kind, has, attribute.ObservedDigits]);
            Put64(to, attribute.CreatedAt);
            Put64(to, attribute.ModifiedAt);
            if ((has & HasObserved) != 0)
                Put64(to, attribute.ObservedAt);
            if ((has & HasExpires) != 0)
                Put64(to, attribute.ExpiresAt);
            if (attribute.Dataset is { } dataset)
                PutText(to, dataset);
            if (attribute.UnitCode is { } unit)
                PutText(to, unit);
            if (attribute.InstanceId is { } instance)
                PutText(to, instance);
            if ((has & HasObjectType) != 0)
            {
                Put16(to, attribute.ObjectType.Count);
                foreach (var type in attribute.ObjectType)
                    Put32(to, type);
            }

            Put32(to, attribute.Value.Length);
            to.Write(attribute.Value.Span);
            if ((has & HasSub) != 0)
                Write(to, attribute.Sub);
        }
    }

    private static Attribute[] Read(byte[] from, ref int at)
    {
        var attributes = new Attribute[Get16(from, ref at)];
        for (var i = 0; i < attributes.Length; i++)
        {
            var name = Get32(from, ref at);
            var (kind, has, digits) = ((AttributeKind)from[at], from[at + 1], from[at + 2]);
            at += 3;
            var (created, modified) = (Get64(from, ref at), Get64(from, ref at));
            var observed = (has & HasObserved) != 0 ? Get64(from, ref at) : 0;
            var expires = (has & HasExpires) != 0 ? Get64(from, ref at) : 0;
            var dataset = (has & HasDataset) != 0 ? GetText(from, ref at) : null;
            var unit = (has & HasUnit) != 0 ? GetUnit(from, ref at) : null;
            var instance = (has & HasInstance) != 0 ? GetText(from, ref at) : null;
            var types = (has & HasObjectType) != 0 ? new int[Get16(from, ref at)] : [];
            for (var t = 0; t < types.Length; t++)
                types[t] = Get32(from, ref at);
            var length = Get32(from, ref at);
            var value = from.AsMemory(at, length);
            at += length;
            attributes[i] = new Attribute
            {
                Name = name, Kind = kind, Dataset = dataset, UnitCode = unit, InstanceId = instance, ObservedAt = observed, ObservedDigits = digits, ExpiresAt = expires,
                CreatedAt = created, ModifiedAt = modified, ObjectType = types, Value = value, Sub = (has & HasSub) != 0 ? Read(from, ref at) : [],
            };
        }

        return attributes;
    }

    private static void RenumberList(byte[] bytes, ref int at, int[] map)
    {
        for (var count = Get16(bytes, ref at); count > 0; count--)
        {
            Map(bytes, ref at, map);
            var has = bytes[at + 1];
            at += 3 + 16 + ((has & HasObserved) != 0 ? 8 : 0) + ((has & HasExpires) != 0 ? 8 : 0);
            foreach (var text in (ReadOnlySpan<byte>)[HasDataset, HasUnit, HasInstance])
            {
                if ((has & text) == 0)
                    continue;
                var characters = Get16(bytes, ref at); // Not in one statement: += would take the place before the length was read.
                at += characters;
            }

            if ((has & HasObjectType) != 0)
                for (var types = Get16(bytes, ref at); types > 0; types--)
                    Map(bytes, ref at, map);
            var length = Get32(bytes, ref at);
            at += length;
            if ((has & HasSub) != 0)
                RenumberList(bytes, ref at, map);
        }
    }

    private static void Map(byte[] bytes, ref int at, int[] map)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), map[BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at))]);
        at += 4;
    }

    private static void Put16(ArrayBufferWriter<byte> to, int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to.GetSpan(2), checked((ushort)value));
        to.Advance(2);
    }

    private static void Put32(ArrayBufferWriter<byte> to, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to.GetSpan(4), value);
        to.Advance(4);
    }

    private static void Put64(ArrayBufferWriter<byte> to, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(8), value);
        to.Advance(8);
    }

    private static void PutText(ArrayBufferWriter<byte> to, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Put16(to, length);
        Encoding.UTF8.GetBytes(text, to.GetSpan(length));
        to.Advance(length);
    }

    private static int Get16(byte[] from, ref int at)
    {
        at += 2;
        return BinaryPrimitives.ReadUInt16LittleEndian(from.AsSpan(at - 2));
    }

    private static int Get32(byte[] from, ref int at)
    {
        at += 4;
        return BinaryPrimitives.ReadInt32LittleEndian(from.AsSpan(at - 4));
    }

    private static long Get64(byte[] from, ref int at)
    {
        at += 8;
        return BinaryPrimitives.ReadInt64LittleEndian(from.AsSpan(at - 8));
    }

    private static string GetUnit(byte[] from, ref int at)
    {
        var length = Get16(from, ref at);
        at += length;
        var code = from.AsSpan(at - length, length);
        return Units.Known(code) ?? Encoding.UTF8.GetString(code);
    }

    private static string GetText(byte[] from, ref int at)
    {
        var length = Get16(from, ref at);
        at += length;
        return Encoding.UTF8.GetString(from, at - length, length);
    }
}
