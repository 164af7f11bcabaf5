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

    /// <summary>One instance, without unpacking the others.</summary>
    public static Attribute? Find(byte[] packed, int name, string? dataset)
    {
        for (var part = new Parts(packed); part.Next();)
            if (part.Name == name && part.IsOf(dataset))
                return part.Read();
        return null;
    }

    public static IReadOnlyList<Attribute> Instances(byte[] packed, int name)
    {
        List<Attribute>? found = null;
        for (var part = new Parts(packed); part.Next();)
            if (part.Name == name)
                (found ??= []).Add(part.Read());
        return found ?? (IReadOnlyList<Attribute>)[];
    }

    /// <summary>
    /// The packed attributes after an edit: what it does not touch is copied as bytes. A batch of readings unpacks nothing.
    /// </summary>
    /// <param name="set">In <see cref="AttributeOrder"/>.</param>
    public static byte[] Merge(byte[] packed, IReadOnlyList<Attribute> set, IReadOnlyList<RemovedAttribute> removed)
    {
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(4096);
        buffer.ResetWrittenCount();
        Put16(buffer, 0);
        var (count, next) = (0, 0);
        for (var part = new Parts(packed); part.Next();)
        {
            for (; next < set.Count && part.CompareTo(set[next]) >= 0; next++, count++)
                Write(buffer, set[next]);
            if ((next > 0 && part.CompareTo(set[next - 1]) == 0) || part.IsAnyOf(removed))
                continue;
            buffer.Write(part.Bytes);
            count++;
        }

        for (; next < set.Count; next++, count++)
            Write(buffer, set[next]);
        var merged = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(merged, checked((ushort)count));
        return merged;
    }

    /// <summary>Replaces every IRI id by the one at its place in the map.</summary>
    public static void Renumber(byte[] packed, int[] map)
    {
        var at = 0;
        if (packed.Length > 0)
            RenumberList(packed, ref at, map);
    }

    /// <summary>The least expiresAt of the attributes (those of attributes of attributes do not count), without unpacking them; the greatest number when none has one.</summary>
    public static long EarliestExpiry(byte[] packed)
    {
        var at = 0;
        var earliest = long.MaxValue;
        if (packed.Length > 0)
            SkipList(packed, ref at, ref earliest, nested: false);
        return earliest;
    }

    private static void SkipList(byte[] bytes, ref int at, ref long earliest, bool nested)
    {
        for (var count = Get16(bytes, ref at); count > 0; count--)
        {
            var has = bytes[at + 5];
            at += 4 + 3 + 16 + ((has & HasObserved) != 0 ? 8 : 0);
            if ((has & HasExpires) != 0 && Get64(bytes, ref at) is var expires && !nested)
                earliest = Math.Min(earliest, expires);
            SkipTexts(bytes, ref at, has);
            if ((has & HasObjectType) != 0)
            {
                var types = Get16(bytes, ref at);
                at += 4 * types;
            }

            var length = Get32(bytes, ref at);
            at += length;
            if ((has & HasSub) != 0)
                SkipList(bytes, ref at, ref earliest, nested: true);
        }
    }

    private static void SkipTexts(byte[] bytes, ref int at, byte has)
    {
        foreach (var text in (ReadOnlySpan<byte>)[HasDataset, HasUnit, HasInstance])
        {
            if ((has & text) == 0)
                continue;
            var characters = Get16(bytes, ref at); // Not in one statement: += would take the place before the length was read.
            at += characters;
        }
    }

    private static void Write(ArrayBufferWriter<byte> to, IReadOnlyList<Attribute> attributes)
    {
        Put16(to, attributes.Count);
        foreach (var attribute in attributes)
            Write(to, attribute);
    }

    private static void Write(ArrayBufferWriter<byte> to, Attribute attribute)
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

    private static Attribute[] Read(byte[] from, ref int at)
    {
        var attributes = new Attribute[Get16(from, ref at)];
        for (var i = 0; i < attributes.Length; i++)
            attributes[i] = ReadOne(from, ref at);
        return attributes;
    }

    private static Attribute ReadOne(byte[] from, ref int at)
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
        return new Attribute
        {
            Name = name, Kind = kind, Dataset = dataset, UnitCode = unit, InstanceId = instance, ObservedAt = observed, ObservedDigits = digits, ExpiresAt = expires,
            CreatedAt = created, ModifiedAt = modified, ObjectType = types, Value = value, Sub = (has & HasSub) != 0 ? Read(from, ref at) : [],
        };
    }

    private static void RenumberList(byte[] bytes, ref int at, int[] map)
    {
        for (var count = Get16(bytes, ref at); count > 0; count--)
        {
            Map(bytes, ref at, map);
            var has = bytes[at + 1];
            at += 3 + 16 + ((has & HasObserved) != 0 ? 8 : 0) + ((has & HasExpires) != 0 ? 8 : 0);
            SkipTexts(bytes, ref at, has);
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

    private static void SkipOne(byte[] from, ref int at)
    {
        var has = from[at + 5];
        at += 4 + 3 + 16 + ((has & HasObserved) != 0 ? 8 : 0) + ((has & HasExpires) != 0 ? 8 : 0);
        for (var texts = System.Numerics.BitOperations.PopCount((uint)(has & (HasDataset | HasUnit | HasInstance))); texts > 0; texts--)
            Pass(from, ref at, Get16(from, ref at));
        if ((has & HasObjectType) != 0)
            Pass(from, ref at, Get16(from, ref at) * 4);
        Pass(from, ref at, Get32(from, ref at));
        if ((has & HasSub) != 0)
            for (var subs = Get16(from, ref at); subs > 0; subs--)
                SkipOne(from, ref at);
    }

    private static void Pass(byte[] from, ref int at, int length) => at += length;

    /// <summary>Goes over packed attributes without making objects of them.</summary>
    private ref struct Parts(byte[] packed)
    {
        private int _left = packed.Length == 0 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(packed);
        private int _start;
        private int _end = 2;

        public readonly int Name => BinaryPrimitives.ReadInt32LittleEndian(packed.AsSpan(_start));

        public readonly ReadOnlySpan<byte> Bytes => packed.AsSpan(_start, _end - _start);

        public bool Next()
        {
            if (_left-- == 0)
                return false;
            _start = _end;
            SkipOne(packed, ref _end);
            return true;
        }

        public readonly Attribute Read()
        {
            var at = _start;
            return ReadOne(packed, ref at);
        }

        public readonly bool IsOf(string? dataset) => (packed[_start + 5] & HasDataset) == 0 ? dataset is null : dataset is not null && Dataset() == dataset;

        public readonly bool IsAnyOf(IReadOnlyList<RemovedAttribute> removed)
        {
            for (var i = 0; i < removed.Count; i++)
                if (removed[i].Name == Name && (removed[i].All || IsOf(removed[i].Dataset)))
                    return true;
            return false;
        }

        /// <summary>In <see cref="AttributeOrder"/>.</summary>
        public readonly int CompareTo(Attribute other) =>
            Name != other.Name ? Name.CompareTo(other.Name) : string.CompareOrdinal((packed[_start + 5] & HasDataset) == 0 ? null : Dataset(), other.Dataset);

        private readonly string Dataset()
        {
            var has = packed[_start + 5];
            var at = _start + 4 + 3 + 16 + ((has & HasObserved) != 0 ? 8 : 0) + ((has & HasExpires) != 0 ? 8 : 0);
            return GetText(packed, ref at);
        }
    }
}
